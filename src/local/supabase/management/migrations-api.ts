import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { migrationTableSql, ownerPool } from '../branch-migrations.ts';
import type { Sql } from '../connections.ts';
import { activeProjectOf, type ManagementOptions } from './context.ts';
import { body, ManagementError } from './management-error.ts';
import { asManagementError } from './run-query.ts';

const migrationBody = z.object({ query: z.string().min(1), name: z.string().optional(), rollback: z.string().optional() });
const changeBody = z.object({ name: z.string().optional(), rollback: z.string().optional() });

/** Adds the history of migrations: applied by query, recorded alone, changed, and rolled back. */
export function addMigrations(app: Hono, options: ManagementOptions): void {
  addHistory(app, options);
  addApplying(app, options);
  addRollback(app, options);
}

/** Runs work on the project's database with the history's table in place. */
async function withHistory<Result>(options: ManagementOptions, c: Context, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = ownerPool(options.cluster, activeProjectOf(options, c));
  try {
    await sql.unsafe(migrationTableSql);
    return await work(sql);
  } catch (error) {
    throw asManagementError(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

interface Recorded {
  readonly version: string;
  readonly name: string | null;
  readonly statements: string[] | null;
  readonly rollback: string[] | null;
  readonly created_by: string | null;
  readonly idempotency_key: string | null;
}

function addHistory(app: Hono, options: ManagementOptions): void {
  app.get('/v1/projects/:ref/database/migrations', async (c) => {
    const rows = await withHistory(
      options,
      c,
      (sql) => sql<Recorded[]>`select version, name from supabase_migrations.schema_migrations order by version`,
    );
    return c.json(rows.map(({ version, name }) => ({ version, ...(name === null ? {} : { name }) })));
  });
  app.get('/v1/projects/:ref/database/migrations/:version', async (c) => {
    const row = await withHistory(options, c, (sql) => one(sql, c.req.param('version')));
    return c.json(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
  });
  app.patch('/v1/projects/:ref/database/migrations/:version', async (c) => {
    const { name, rollback } = await body(c, changeBody);
    await withHistory(options, c, async (sql) => {
      const row = await one(sql, c.req.param('version'));
      const undo = rollback === undefined ? row.rollback : [rollback];
      await sql`update supabase_migrations.schema_migrations set name = ${name ?? row.name}, rollback = ${undo} where version = ${row.version}`;
    });
    return c.body(null, 200);
  });
}

async function one(sql: Sql, version: string): Promise<Recorded> {
  const [row] = await sql<Recorded[]>`select version, name, statements, rollback, created_by, idempotency_key
    from supabase_migrations.schema_migrations where version = ${version}`;
  if (row === undefined) throw new ManagementError(404, `Migration ${version} not found`);
  return row;
}

/** POST applies and records in one transaction; PUT records alone. The same Idempotency-Key does either once. */
function addApplying(app: Hono, options: ManagementOptions): void {
  const record = async (c: Context, apply: boolean) => {
    const { query, name, rollback } = await body(c, migrationBody);
    const key = c.req.header('idempotency-key') ?? null;
    await withHistory(options, c, (sql) =>
      sql.begin(async (transaction) => {
        const [known] = await transaction`select 1 from supabase_migrations.schema_migrations where idempotency_key = ${key}`;
        if (known !== undefined) return;
        if (apply) await transaction.unsafe(query);
        const [last] = await transaction`select max(version) as version from supabase_migrations.schema_migrations`;
        await transaction`insert into supabase_migrations.schema_migrations (version, name, statements, rollback, created_by, idempotency_key)
          values (${versionAfter(String(last?.['version'] ?? ''))}, ${name ?? ''}, ${[query]}, ${rollback === undefined ? null : [rollback]},
            'local@jv-staging.invalid', ${key})`;
      }),
    );
    return c.body(null, 200);
  };
  app.post('/v1/projects/:ref/database/migrations', (c) => record(c, true));
  app.put('/v1/projects/:ref/database/migrations', (c) => record(c, false));
}

/** Returns the time as versions write it (UTC), or one more than the last when that is not before it. */
function versionAfter(last: string): string {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return /^\d{14}$/.test(last) && last >= now ? String(BigInt(last) + 1n) : now;
}

function addRollback(app: Hono, options: ManagementOptions): void {
  app.delete('/v1/projects/:ref/database/migrations', async (c) => {
    const from = c.req.query('gte') ?? '';
    if (!/^\d+$/.test(from)) throw new ManagementError(400, 'gte: must be the version of a migration');
    await withHistory(options, c, async (sql) => {
      const rows = await sql<Recorded[]>`select version, name, statements, rollback from supabase_migrations.schema_migrations
        where version >= ${from} order by version desc`;
      const stuck = rows.find((row) => (row.rollback ?? []).length === 0);
      if (stuck !== undefined) throw new ManagementError(400, `Migration ${stuck.version} has no rollback`);
      await sql.begin(async (transaction) => {
        for (const row of rows) await transaction.unsafe((row.rollback ?? []).join(';\n'));
        await transaction`delete from supabase_migrations.schema_migrations where version >= ${from}`;
      });
    });
    return c.body(null, 200);
  });
}
