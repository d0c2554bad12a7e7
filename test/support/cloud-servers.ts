import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import { isAlive, leftChildren, markOf, type ProcessMark } from '../../src/local/processes.ts';
import { until } from './until.ts';

/** The servers below one local cloud, found by the process files that it and they write; never by name. */
export interface CloudServers {
  endpoints(): Promise<LocalEndpoints>;
  /** The daemon itself. */
  daemon(): Promise<ProcessMark>;
  postgres(): Promise<ProcessMark>;
  /** The server of the Upstash database of this name. */
  redis(name: string): Promise<ProcessMark>;
  /** The running instances of deployments. */
  instances(): Promise<readonly ProcessMark[]>;
}

/** Returns the servers of the local cloud whose state lies in `stateDir` (`.jv-staging/local`). */
export function cloudServers(stateDir: string): CloudServers {
  const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const sharedDir = async () => (await readFile(join(stateDir, 'shared-dir'), 'utf8')).trim();
  const endpoints = (): Promise<LocalEndpoints> => json(join(stateDir, 'endpoints.json'));
  return {
    endpoints,
    daemon: async () => living((await endpoints()).pid, 'the daemon'),
    postgres: async () => markIn(join(await sharedDir(), 'supabase/postgres/data/postmaster.pid'), 'Postgres'),
    redis: async (name) => {
      const { upstash } = await endpoints();
      const authorization = `Basic ${Buffer.from(`${upstash.email}:${upstash.apiKey}`).toString('base64')}`;
      const answer = await fetch(new URL('/v2/redis/databases', upstash.apiUrl), { headers: { authorization } });
      const databases: readonly { readonly database_id: string; readonly database_name: string }[] = JSON.parse(await answer.text());
      const id = databases.find((database) => database.database_name === name)?.database_id;
      if (id === undefined) throw new Error(`There is no Upstash database ${name}.`);
      const folder = join(await sharedDir(), 'upstash/redis');
      if (!(await readdir(folder)).includes(id)) throw new Error(`${folder} has no server of ${id}.`);
      return markIn(join(folder, id, 'redis.pid'), 'Redis');
    },
    instances: () => leftChildren(stateDir),
  };
}

/** Ends exactly this process, as a crash would, and waits until it is gone. */
export async function crash(mark: ProcessMark): Promise<void> {
  if (!isAlive(mark)) throw new Error(`Process ${mark.pid} had ended already.`);
  process.kill(mark.pid, 'SIGKILL');
  await until(`the end of process ${mark.pid}`, () => (isAlive(mark) ? undefined : true));
}

async function markIn(pidFile: string, what: string): Promise<ProcessMark> {
  return living(Number.parseInt(await readFile(pidFile, 'utf8'), 10), what);
}

function living(pid: number, what: string): ProcessMark {
  const mark = markOf(pid);
  if (mark === undefined) throw new Error(`${what} (process ${pid}) does not run.`);
  return mark;
}
