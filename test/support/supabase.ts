import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseProject } from '../../src/core/ports/database.ts';
import { findAccounts } from '../../src/local/accounts.ts';
import { openPortBook } from '../../src/local/port-book.ts';
import { openSharedDir } from '../../src/local/shared-dir.ts';
import { startSupabase } from '../../src/local/supabase/service.ts';

/** A project of the emulated Supabase, for one test file: real Postgres with its pooler, and the project's gateway. */
export interface TestSupabase {
  /** Address of the gateway (REST, Auth, Realtime). */
  readonly url: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  /** Connection strings: straight to the server, and through the pooler in transaction mode. */
  readonly directUrl: string;
  readonly poolerUrl: string;
  /** Creates another project beside it. */
  otherProject(name: string): Promise<OtherProject>;
  /** Ends the database server; `startPostgres` brings it back with its data. */
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  /** Ends everything and removes its files. */
  remove(): Promise<void>;
}

/** A project of somebody else, as the platform's port shows it. */
export interface OtherProject {
  readonly name: string;
  readonly project: DatabaseProject;
  addresses(): Promise<readonly string[]>;
}

/** Starts an emulated Supabase with one new project. */
export async function startTestSupabase(): Promise<TestSupabase> {
  const stateDir = await mkdtemp(join(tmpdir(), 'jv-test-supabase-'));
  const sharedDir = await openSharedDir(stateDir);
  const accounts = await findAccounts();
  const service = await startSupabase(
    {
      stateDir,
      sharedDir,
      serverAccount: accounts.server,
      functionAccount: accounts.function,
      ports: await openPortBook(stateDir),
      log: () => undefined,
    },
    { accessToken: `sbp_${'0'.repeat(40)}` },
  );
  const password = 'the-owner-password';
  const { ref } = await service.createProject({ name: 'jetvision-test', region: 'us-east-1', password });
  const { addresses, anonKey, serviceRoleKey } = await service.credentials(ref);
  if (addresses.pooler === null) throw service.poolerProblem ?? new Error('The project has no pooler.');
  const connectionString = ({ host, port, database, user }: typeof addresses.direct) =>
    `postgres://${user}:${password}@${host}:${port}/${database}`;
  return {
    url: addresses.url,
    anonKey,
    serviceRoleKey,
    directUrl: connectionString(addresses.direct),
    poolerUrl: connectionString(addresses.pooler),
    otherProject: async (name) => {
      const other = await service.createProject({ name, region: 'us-east-1', password });
      const { addresses: own } = await service.credentials(other.ref);
      const project = { ref: other.ref, name, region: 'us-east-1', state: 'healthy' as const };
      return { name, project, addresses: async () => [own.url] };
    },
    stopPostgres: () => service.postgres.stop(),
    startPostgres: () => service.postgres.restart(),
    remove: async () => {
      await service.stop();
      await rm(sharedDir, { recursive: true, force: true });
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
