import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlFailure } from '../../src/adapters/postgres/database-error.ts';
import { insideStatements, outsideStatements } from '../support/outside-statements.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let server: TestPostgres;
let sql: Sql;

beforeAll(async () => {
  server = await startPostgres();
  sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`create table t (name text) partition by list (name); create table u partition of t for values in ('a');
    create index u_name on u (name)`);
}, 60_000);

afterAll(async () => {
  await sql.end();
  await server.remove();
});

/** Returns the SQLSTATE of a statement in a transaction that is taken back; undefined when it ran. */
async function stateOf(statement: string): Promise<string | undefined> {
  await sql.unsafe('begin').simple();
  try {
    await sql.unsafe(statement).simple();
    return undefined;
  } catch (error) {
    return sqlFailure(error)?.sqlState;
  } finally {
    await sql.unsafe('rollback').simple();
  }
}

/** What `migrate check` says of them is Postgres's own word. */
describe('Postgres in a transaction', () => {
  it.each(outsideStatements)('refuses %s', async (statement) => {
    expect(await stateOf(statement)).toBe('25001');
  });

  it.each(insideStatements)('runs %s', async (statement) => {
    expect(await stateOf(statement)).toBeUndefined();
  });
});
