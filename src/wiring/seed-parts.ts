import { bulkTables } from '../adapters/copy/bulk-tables.ts';
import { fakerVocabulary } from '../adapters/faker/vocabulary.ts';
import { readSeedFile } from '../adapters/files/seed-file.ts';
import type { BulkTables } from '../core/ports/bulk.ts';
import type { Resources } from '../stages/resources.ts';
import type { SeedDeps } from '../stages/seed/parts.ts';
import type { Context } from './context.ts';

/** What only seeding needs, opened when first used. */
export interface SeedParts {
  readonly ports: Pick<SeedDeps, 'openBulk' | 'readSeed' | 'vocabulary'>;
  close(): Promise<void>;
}

/** Returns what only seeding needs in one command. */
export function seedParts(context: Context, resources: Resources): SeedParts {
  let bulk: BulkTables | undefined;
  return {
    ports: {
      openBulk: () => (bulk ??= bulkTables(resources.databaseAccess.get().directUrl)),
      readSeed: (profile) => readSeedFile(context.settings().seed.dir, profile),
      vocabulary: fakerVocabulary,
    },
    close: async () => {
      await bulk?.close();
    },
  };
}
