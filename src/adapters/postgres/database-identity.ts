import type { DatabaseIdentity } from '../../core/isolation/facts.ts';
import type { Session } from './session.ts';

/**
 * Returns whose a database says that it is: the marks in `jv_staging.environment` (production's owner sets one once: `create schema
 * jv_staging; create table jv_staging.environment (name text primary key); insert into jv_staging.environment values ('production')`)
 * and the environments that were released into it; and the addresses that its triggers call (Supabase's database webhooks:
 * `supabase_functions.http_request`).
 */
export async function databaseIdentity(session: Session): Promise<DatabaseIdentity> {
  const [found] = await session.query(
    (sql) => sql<{ marked: boolean; released: boolean; webhooks: readonly string[] }[]>`select
      to_regclass('jv_staging.environment') is not null as marked,
      to_regclass('jv_staging.releases') is not null as released,
      to_json(array(select distinct split_part(encode(t.tgargs, 'escape'), '\\000', 1) from pg_trigger t
        join pg_proc f on f.oid = t.tgfoid join pg_namespace n on n.oid = f.pronamespace
        where not t.tgisinternal and n.nspname = 'supabase_functions' and f.proname = 'http_request')) as webhooks`,
  );
  const marks =
    found?.marked === true ? await session.query((sql) => sql<{ name: string }[]>`select name from jv_staging.environment`) : [];
  const releases =
    found?.released === true
      ? await session.query((sql) => sql<{ name: string }[]>`select distinct environment as name from jv_staging.releases`)
      : [];
  const environments = [...new Set([...marks, ...releases].map((row) => row.name))];
  return { environments: environments.toSorted(), webhooks: found?.webhooks ?? [] };
}
