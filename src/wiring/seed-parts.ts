import { bullmqJobs } from '../adapters/bullmq/bullmq-jobs.ts';
import { clerkUsers } from '../adapters/clerk/clerk-users.ts';
import { bulkTables } from '../adapters/copy/bulk-tables.ts';
import { sourceDatabase } from '../adapters/copy/source-database.ts';
import { fakerVocabulary } from '../adapters/faker/vocabulary.ts';
import { readQueueSeedFile, readSeedFile } from '../adapters/files/seed-file.ts';
import type { BulkTables } from '../core/ports/bulk.ts';
import type { JobStore } from '../core/ports/cache.ts';
import { StagingError } from '../core/errors.ts';
import type { SignInUsers } from '../core/ports/web.ts';
import type { SourceDatabase } from '../core/ports/source-database.ts';
import type { Resources } from '../stages/resources.ts';
import type { SeedDeps } from '../stages/seed/parts.ts';
import type { Context } from './context.ts';
import type { Platforms } from './platforms.ts';
import { readerUrl } from './production-url.ts';

/** What only seeding needs, opened when first used. */
export interface SeedParts {
  readonly ports: Pick<
    SeedDeps,
    'openBulk' | 'openClerk' | 'openJobs' | 'readSeed' | 'readQueueSeed' | 'vocabulary' | 'source' | 'openTarget'
  >;
  close(): Promise<void>;
}

/** Returns what only seeding needs in one command. */
export function seedParts(context: Context, resources: Resources, use: () => Platforms): SeedParts {
  let bulk: BulkTables | undefined;
  let jobs: JobStore | undefined;
  let clerk: SignInUsers | undefined;
  let target: SourceDatabase | undefined;
  let production: SourceDatabase | undefined;
  const source = () => (production ??= sourceDatabase(readerUrl(context)));
  return {
    ports: {
      openBulk: () => (bulk ??= bulkTables(resources.databaseAccess.get().directUrl)),
      openJobs: () => (jobs ??= bullmqJobs({ url: resources.cacheAccess.get().url, prefix: context.settings().upstash.prefix })),
      readQueueSeed: (profile) => readQueueSeedFile(context.settings().seed.dir, profile),
      openClerk: () => (clerk ??= openClerk(context, use)),
      readSeed: (profile) => readSeedFile(context.settings().seed.dir, profile),
      vocabulary: async (seed) => {
        await context.parts.use('volume', { signal: context.request.signal });
        return fakerVocabulary(seed);
      },
      openTarget: () => (target ??= sourceDatabase(resources.databaseAccess.get().directUrl)),
      source: {
        inspect: (signal) => source().inspect(signal),
        snapshot: (work, signal) => source().snapshot(work, signal),
        rows: (table, columns, signal) => source().rows(table, columns, signal),
        close: async () => production?.close(),
      },
    },
    close: async () => {
      await Promise.allSettled([bulk?.close(), clerk?.close(), jobs?.close(), target?.close(), production?.close()]);
    },
  };
}

/**
 * Returns Clerk's users when the app has a secret key of Clerk's; with the target `local` that must be the key of the local cloud's own Clerk.
 */
function openClerk({ settings, secrets, target, clock }: Context, use: () => Platforms): SignInUsers | undefined {
  const value = settings().env['CLERK_SECRET_KEY']?.value;
  const secretKey = typeof value === 'string' ? value : value?.kind === 'env' ? secrets.read(value) : undefined;
  if (secretKey === undefined) return undefined;
  if (target === 'cloud') return clerkUsers({ secretKey, clock });
  const { localClerk } = use();
  if (localClerk !== undefined) return clerkUsers({ secretKey, localUrl: localClerk.apiUrl, clock });
  throw new StagingError(
    'missing',
    'LOCAL_CLERK_MISSING',
    'The local cloud that runs has no Clerk, expected one: an older version started it.',
    {
      fix: 'Run `jv-staging local stop`, then the same command again.',
    },
  );
}
