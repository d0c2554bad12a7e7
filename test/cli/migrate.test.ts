import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { migrationOf } from '../contract/database.contract.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { inEmptyFolder, runTool } from '../support/tool.ts';

/** A container may have no IPv6 at all. */
const hasIpv6 = Object.values(networkInterfaces()).some((found) => found?.some(({ address }) => address === '::1'));
let server: TestPostgres;
const [first, second] = [
  migrationOf('20260101000001', 'create table a (id int)'),
  migrationOf('20260101000002', 'create table b (id int)'),
];

beforeAll(async () => {
  server = await startPostgres();
  const database = postgresDatabase(server.url);
  await database.applyMigration(first, new AbortController().signal);
  await database.close();
}, 60_000);
afterAll(() => server.remove());

/** Runs `migrate status` on the server in a folder with these files; its password is never to be seen. */
function statusOf(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  return inEmptyFolder(async (cwd) => {
    await mkdir(join(cwd, 'sql'));
    for (const [name, sql] of Object.entries(files)) await writeFile(join(cwd, 'sql', name), sql);
    const ended = await runTool(['migrate', 'status', '--db-url-env', 'ANY_DATABASE', '--dir', 'sql', ...args], {
      cwd,
      env: { ANY_DATABASE: server.url },
    });
    expect(ended.stdout + ended.stderr).not.toContain(server.url);
    return ended;
  });
}

describe('migrate status on any Postgres, without a configuration', () => {
  it('lists what is applied, pending, and no migration by name', async () => {
    const ended = await statusOf({ [first.file]: first.sql, [second.file]: second.sql, 'DEPLOY_ALL.sql': 'drop table a' });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/20260101000001_change\.sql\s+applied\n\s+20260101000002_change\.sql\s+pending/);
    expect(ended.stdout).toContain('Not migrations by name: DEPLOY_ALL.sql.');
    expect(ended.stdout).toContain('1 applied, 1 pending.');
  });

  it('ends with 5 and names the file that was edited after it was applied', async () => {
    const ended = await statusOf({ [first.file]: `${first.sql}; -- more` }, ['--json']);

    expect(ended).toMatchObject({ code: 5, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'MIGRATIONS_IN_THE_WAY', message: expect.stringContaining(`${first.file} (edited)`) },
      data: { head: first.version, migrations: [{ version: first.version, file: first.file, state: 'edited' }] },
    });
  });

  it.skipIf(!hasIpv6)('reaches a server by a numeric IPv6 address, and names one that does not answer', async () => {
    const proxy = createServer((client) => {
      const upstream = connect(server.port, '127.0.0.1');
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        from.pipe(to).on('error', () => from.destroy());
    }).listen(0, '::1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const reach = (url: string) =>
      inEmptyFolder((cwd) =>
        runTool(['migrate', 'status', '--db-url-env', 'ANY_DATABASE', '--dir', '.', '--json'], { cwd, env: { ANY_DATABASE: url } }),
      );

    const reached = await reach(`postgres://postgres:postgres@[::1]:${port}/app`);
    const rehearsed = await inEmptyFolder((cwd) =>
      runTool(['migrate', 'check', '--rehearse', '--db-url-env', 'ANY_DATABASE', '--dir', '.', '--json'], {
        cwd,
        env: { ANY_DATABASE: `postgres://postgres:postgres@[::1]:${port}/app` },
      }),
    );
    proxy.close();
    const silent = await reach(`postgres://postgres:postgres@[::1]:${port}/app`);

    expect(JSON.parse(reached.stdout)).toMatchObject({ data: { head: first.version } });
    expect(rehearsed.code, rehearsed.stdout).not.toBe(1);
    expect(silent.code).toBe(4);
    expect(JSON.parse(silent.stdout)).toMatchObject({
      error: { code: 'DATABASE_UNREACHABLE', message: expect.stringContaining(`[::1]:${port}`) },
    });
  });

  it.each<Readonly<Record<string, string>>>([
    {},
    { ANY_DATABASE: 'https://example.com' },
    { ANY_DATABASE: 'postgres://user:50%@127.0.0.1/app' },
  ])('ends with 2 when the variable holds no address of a Postgres: %j', async (env) => {
    const args = ['migrate', 'status', '--db-url-env', 'ANY_DATABASE', '--dir', '.', '--json'];

    const ended = await inEmptyFolder((cwd) => runTool(args, { cwd, env }));

    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'DB_URL_MISSING' } });
  });
});
