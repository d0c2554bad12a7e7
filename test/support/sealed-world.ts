import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { stateSealing } from '../../src/adapters/files/sealed.ts';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { dumpFileKey, listDumpFiles, writeDumpFile } from '../../src/adapters/restore/dump-file.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { formerKeys } from '../../src/core/secrets/former-keys.ts';
import { cloudStatus } from '../../src/local/lifecycle.ts';
import { localPlatforms } from '../../src/wiring/platforms.ts';
import { releaseRecord } from './release-record.ts';
import type { StagingProject } from './staging-project.ts';

const { signal } = new AbortController();
const name = 'jetvision-staging';
/** What is sealed in the release that `add` writes. */
const values = { LOG_LEVEL: 'debug', OF_THEN: 'a value that is configured no more' };

/** What is sealed with the state key of a provisioned project, as a witness sees it who holds what the environment file holds. */
export interface SealedWorld {
  /** Adds a release with sealed variables and a restore point, under the key that the environment file has now. */
  add(): Promise<void>;
  /** Returns what does not open, or is not under the newest key; empty when everything is as it must be. */
  problems(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens what is sealed in this project, whose local cloud runs. */
export async function sealedWorld(project: StagingProject): Promise<SealedWorld> {
  const { endpoints } = await cloudStatus({ stateDir: join(project.stateDir, 'local') });
  if (endpoints === undefined) throw new Error('The local cloud does not run.');
  const platforms = localPlatforms(endpoints, systemClock);
  const dir = join(project.stateDir, 'restore-points');
  const file = async () => parse(await readFile(join(project.dir, '.env.staging.local'), 'utf8'));
  const ring = async () => {
    const lines = await file();
    return [lines['JV_STATE_KEY'] ?? '', ...formerKeys(lines['JV_STATE_KEY_PREVIOUS'])] as const;
  };
  const inDatabase = async <Value>(work: (database: ReturnType<typeof postgresDatabase>) => Promise<Value>): Promise<Value> => {
    const [found] = await platforms.databases.findByName(name, signal);
    const { directUrl } = await platforms.databases.access(found?.ref ?? '', (await file())['STAGING_SUPABASE_DB_PASSWORD'] ?? '', signal);
    const database = postgresDatabase(directUrl);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  };
  const listed = async () => {
    const found = await platforms.projects.find(name, signal);
    return platforms.projects.variables(found?.id ?? '', signal);
  };
  return {
    add: async () => {
      const [key] = await ring();
      const sealing = stateSealing(key);
      const prints = Object.fromEntries(Object.entries(values).map(([variable, value]) => [variable, sealing.fingerprint(value)]));
      await inDatabase(async (database) => {
        const newest = (await database.releases('staging', signal)).at(-1)?.id ?? null;
        const id = `rel_${newest === null ? 1 : 2}`;
        const sealed = { envFingerprints: prints, envSnapshot: sealing.seal(values) };
        await database.appendRelease(releaseRecord(id, newest, sealed), signal);
      });
      const header = {
        id: 'dump_1',
        environment: 'staging',
        database: 'none',
        reason: 'test',
        createdAt: '',
        serverVersion: '',
        schemas: [],
        outside: [],
      };
      await writeDumpFile(dir, header, key, rows());
    },
    problems: async () => {
      const keys = await ring();
      const sealing = stateSealing(keys[0], keys.slice(1));
      const newest = stateSealing(keys[0]);
      const variables = await listed();
      const found: string[] = [];
      for (const dump of await listDumpFiles(dir)) {
        const key = await dumpFileKey(dump, keys);
        if (key === undefined) found.push(`cannot be opened: ${dump.header.id}`);
        else if (key !== keys[0]) found.push(`is under a former key: ${dump.header.id}`);
      }
      const releases = await inDatabase((database) => database.releases('staging', signal)).catch(() => undefined);
      for (const { id, envSnapshot, envFingerprints } of releases ?? []) {
        if (!opens(sealing, envSnapshot)) found.push(`cannot be opened: ${id}`);
        else if (!opens(newest, envSnapshot)) found.push(`is under a former key: ${id}`);
        if (envFingerprints['LOG_LEVEL'] !== variables.find((variable) => variable.name === 'LOG_LEVEL')?.fingerprint)
          found.push(`LOG_LEVEL of ${id} counts as changed since`);
      }
      // While a password is on its way nobody knows which one opens the database.
      if (releases === undefined) found.push('the database does not open with the password of the file');
      if (releases?.length === 0) found.push('there is no release to look at');
      if (
        variables.some(
          ({ name: variable, fingerprint }) => variable === 'LOG_LEVEL' && !newest.isFingerprintOf(values.LOG_LEVEL, fingerprint ?? ''),
        )
      )
        found.push('the fingerprint on Vercel is under a former key');
      return found;
    },
    close: () => platforms.close(),
  };
}

async function* rows(): AsyncGenerator<Buffer> {
  yield Buffer.from('rows');
}

function opens(sealing: ReturnType<typeof stateSealing>, sealed: string | null): boolean {
  try {
    return JSON.stringify(sealing.open(sealed ?? '')) === JSON.stringify(values);
  } catch {
    return false;
  }
}
