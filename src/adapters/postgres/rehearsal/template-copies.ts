import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import postgres from 'postgres';
import { StagingError } from '../../../core/errors.ts';
import type { ScratchDatabases } from '../../../core/ports/rehearsal.ts';
import { databaseError, serverOf, sqlFailure } from '../database-error.ts';
import { ipv6Host } from '../server-address.ts';

/** Copies of a run that was killed are removed by a later one, once they are this old. */
const staleSeconds = 6 * 3600;

/** How often, and how many times, the copy is tried while others are connected to the source. */
const retryMs = 500;
const tries = 10;

/**
 * Returns copies by `CREATE DATABASE … TEMPLATE`: on the same server, with all rows, for whoever may create databases. Postgres copies a
 * database only while nobody is connected to it: `release` closes our own connections. `url` is secret.
 */
export function templateCopies(url: string, release: () => Promise<void>): ScratchDatabases {
  const source = decodeURIComponent(new URL(url).pathname.slice(1));
  return {
    copy: async (signal) => {
      await release();
      const name = `jv_rehearsal_${Math.floor(Date.now() / 1000)}_${randomBytes(3).toString('hex')}`;
      const admin = connect(onDatabase(url, source === 'postgres' ? 'template1' : 'postgres'));
      try {
        await removeStale(admin);
        await create(admin, name, source, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw databaseError(error, serverOf(url));
      } finally {
        await admin.end({ timeout: 2 });
      }
      return { url: onDatabase(url, name), name: `copy ${name} of ${source}`, remove: () => remove(url, source, name) };
    },
  };
}

function connect(url: string): postgres.Sql {
  return postgres(url, {
    ...ipv6Host(url),
    max: 1,
    connect_timeout: 10,
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'jv-staging rehearsal' },
  });
}

function onDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(name)}`;
  return address.href;
}

async function create(admin: postgres.Sql, name: string, source: string, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      await admin`create database ${admin(name)} template ${admin(source)}`;
      break;
    } catch (error) {
      const state = sqlFailure(error)?.sqlState;
      if (state === '42501') throw notAllowed(source, error);
      if (state !== '55006') throw error;
      if (attempt >= tries) throw await busy(admin, source, error);
      await wait(retryMs, undefined, { signal });
    }
  }
  // A copy does not take over what was set for its source with `alter database … set`.
  const settings = await admin<
    { name: string; value: string }[]
  >`select split_part(s, '=', 1) as name, substr(s, strpos(s, '=') + 1) as value
    from pg_db_role_setting r join pg_database d on d.oid = r.setdatabase, unnest(r.setconfig) s where d.datname = ${source} and r.setrole = 0`;
  for (const setting of settings) {
    const [line] = await admin<{ line: string }[]>`select format('alter database %I set %I = ', ${name}::text, ${setting.name}::text)
      || case when ${setting.name} = 'search_path' then ${setting.value} else quote_literal(${setting.value}) end as line`;
    await admin.unsafe(line?.line ?? '');
  }
}

async function removeStale(admin: postgres.Sql): Promise<void> {
  const found = await admin<{ name: string }[]>`select d.datname as name from pg_database d join pg_roles r on r.oid = d.datdba
    where d.datname ~ '^jv_rehearsal_[0-9]+_' and r.rolname = current_user`;
  const oldest = Math.floor(Date.now() / 1000) - staleSeconds;
  for (const { name } of found) {
    if (Number(name.split('_')[2]) < oldest) await admin`drop database if exists ${admin(name)} with (force)`;
  }
}

async function remove(url: string, source: string, name: string): Promise<void> {
  const admin = connect(onDatabase(url, source));
  try {
    await admin`drop database if exists ${admin(name)} with (force)`;
  } catch (error) {
    throw databaseError(error, serverOf(url));
  } finally {
    await admin.end({ timeout: 2 });
  }
}

function notAllowed(source: string, cause: unknown): StagingError {
  return new StagingError(
    'missing',
    'SCRATCH_NOT_ALLOWED',
    `This role may not copy the database ${source}: it cannot create databases, or does not own it.`,
    {
      fix: 'Rehearse with the owner of the database and the attribute `createdb`.',
      cause,
    },
  );
}

async function busy(admin: postgres.Sql, source: string, cause: unknown): Promise<StagingError> {
  const sessions = await admin<{ pid: number; application: string | null }[]>`select pid, application_name as application
    from pg_stat_activity where datname = ${source} order by pid limit 5`;
  const named = sessions
    .map(({ pid, application }) => `${pid}${application === null || application === '' ? '' : ` (${application})`}`)
    .join(', ');
  return new StagingError(
    'missing',
    'SCRATCH_SOURCE_BUSY',
    `The database ${source} cannot be copied while others are connected to it: process ${named}.`,
    {
      fix: 'Close those connections, or rehearse on a copy of the database that nobody uses, then run the same command again.',
      cause,
    },
  );
}
