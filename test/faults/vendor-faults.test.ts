import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import type { FaultEffect, FaultWish, LedgerLine } from '../../src/core/local/faults.ts';
import { cloudStatus } from '../../src/local/lifecycle.ts';
import { type Remote, remoteOf } from '../../src/local/remote.ts';
import { localPlatforms } from '../../src/wiring/platforms.ts';
import { requires } from '../support/requires.ts';
import { environmentFolder, runInEnvironment } from '../support/shared-cloud.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const bin = join(import.meta.dirname, '../../bin/run.js');
const diskFull = `--import ${join(import.meta.dirname, '../support/disk-full.ts')}`;

/** A row of the table: what a vendor does, and what comes of it. */
interface Row {
  readonly what: string;
  readonly service: 'vercel' | 'supabase' | 'upstash';
  readonly match: string;
  readonly effect: FaultEffect;
  readonly times: number | null;
  readonly exitCode: number;
  readonly code?: string;
  /** Requests of the run that match, at most and at least. */
  readonly calls: readonly [least: number, most: number];
}

const status = (code: number, more: { readonly retryAfterS?: number; readonly body?: string } = {}): FaultEffect => ({
  kind: 'status',
  status: code,
  retryAfterS: more.retryAfterS,
  body: more.body,
});
const project = 'GET /v9/projects/steady';

/** What a read meets: `plan` of an environment that is as wished. */
const reads: readonly Row[] = [
  {
    what: '429 that names a second',
    service: 'vercel',
    match: project,
    effect: status(429, { retryAfterS: 1 }),
    times: 1,
    exitCode: 0,
    calls: [2, 2],
  },
  {
    what: '429 that names a day',
    service: 'vercel',
    match: project,
    effect: status(429, { retryAfterS: 86_400 }),
    times: null,
    exitCode: 4,
    calls: [1, 1],
  },
  { what: 'a burst of 503', service: 'supabase', match: 'GET /v1/projects', effect: status(503), times: 2, exitCode: 0, calls: [3, 3] },
  {
    what: '503 without end',
    service: 'upstash',
    match: 'GET /v2/redis/databases',
    effect: status(503),
    times: null,
    exitCode: 4,
    calls: [5, 5],
  },
  {
    what: 'a connection that is cut',
    service: 'supabase',
    match: 'GET /v1/projects',
    effect: { kind: 'reset-before' },
    times: 1,
    exitCode: 0,
    calls: [1, 2],
  },
  {
    what: 'a token that has expired, of Vercel',
    service: 'vercel',
    match: '*',
    effect: { kind: 'expire-token' },
    times: null,
    exitCode: 3,
    calls: [1, 8],
  },
  {
    what: 'a token that has expired, of Supabase',
    service: 'supabase',
    match: '*',
    effect: { kind: 'expire-token' },
    times: null,
    exitCode: 3,
    calls: [1, 8],
  },
  {
    what: 'a token that has expired, of Upstash',
    service: 'upstash',
    match: '*',
    effect: { kind: 'expire-token' },
    times: null,
    exitCode: 3,
    calls: [1, 8],
  },
  {
    what: 'a page of HTML',
    service: 'vercel',
    match: project,
    effect: status(200, { body: '<html>Sign in</html>' }),
    times: null,
    exitCode: 4,
    calls: [1, 5],
  },
  {
    what: 'JSON that ends too soon',
    service: 'supabase',
    match: 'GET /v1/projects',
    effect: status(200, { body: '[{"ref":' }),
    times: null,
    exitCode: 4,
    calls: [1, 5],
  },
  {
    what: 'null where a list belongs',
    service: 'upstash',
    match: 'GET /v2/redis/databases',
    effect: status(200, { body: 'null' }),
    times: null,
    exitCode: 4,
    calls: [1, 5],
  },
  {
    what: 'a redirect that never ends',
    service: 'vercel',
    match: project,
    effect: { kind: 'redirect-loop' },
    times: null,
    exitCode: 4,
    calls: [1, 1],
  },
  {
    what: 'a plan that lacks it (402)',
    service: 'supabase',
    match: 'GET /v1/projects',
    effect: { kind: 'quota' },
    times: null,
    exitCode: 4,
    calls: [1, 1],
  },
];

/** What a first provision meets while it makes things; each row has an environment of its own. */
const writes: readonly Row[] = [
  {
    what: 'the answer to the Vercel project is lost',
    service: 'vercel',
    match: 'POST /v11/projects',
    effect: { kind: 'reset-after-commit' },
    times: 1,
    exitCode: 0,
    calls: [1, 2],
  },
  {
    what: 'the answer to the Supabase project is lost',
    service: 'supabase',
    match: 'POST /v1/projects',
    effect: { kind: 'reset-after-commit' },
    times: 1,
    exitCode: 0,
    calls: [1, 1],
  },
  {
    what: 'the answer to the Upstash database is lost',
    service: 'upstash',
    match: 'POST /v2/redis/database',
    effect: { kind: 'reset-after-commit' },
    times: 1,
    exitCode: 0,
    calls: [1, 1],
  },
  {
    what: 'the quota of Supabase is reached',
    service: 'supabase',
    match: 'POST /v1/projects',
    effect: { kind: 'quota' },
    times: 1,
    exitCode: 4,
    calls: [1, 1],
  },
  {
    what: 'the variables are refused',
    service: 'vercel',
    match: 'POST /v10/projects/*/env',
    effect: status(400),
    times: null,
    exitCode: 4,
    calls: [1, 40],
  },
];

describe('a vendor that fails', () => {
  const it = requires('git', 'redis-server');
  let cloud: StagingProject;
  let endpoints: LocalEndpoints;
  let remote: Remote;

  beforeAll(async () => {
    cloud = await createStagingProject();
    const started = await cloud.run(['local', 'start']);
    expect(started.exitCode, started.stderr).toBe(0);
    const found = await cloudStatus({ stateDir: join(cloud.stateDir, 'local') });
    if (found.endpoints === undefined) throw new Error('The local cloud does not run.');
    endpoints = found.endpoints;
    remote = remoteOf(endpoints);
    const made = await tool('steady', ['provision', '--yes']);
    expect(made.exitCode, made.stderr).toBe(0);
  }, 180_000);
  afterEach(() => remote.clearFaults());
  afterAll(() => cloud.remove());

  it.each(reads)(
    '$what: plan ends with $exitCode, nothing is changed',
    async (row) => {
      await remote.addFault(wishOf(row));
      const before = (await remote.log()).lines.length;

      const run = await tool('steady', ['plan', '--exit-code', '--json']);

      const lines = (await remote.log()).lines.slice(before);
      expect(run.exitCode, run.stdout).toBe(row.exitCode);
      expectCalls(lines, row);
      expect(lines.filter(isWrite)).toEqual([]);
      if (row.exitCode !== 0) expect(failureOf(run.stdout)).toMatchObject({ ok: false, error: { fix: expect.any(String) } });
      await expectNoSecret('steady', run);
      await remote.clearFaults();
      expect((await tool('steady', ['plan', '--exit-code'])).exitCode).toBe(0);
    },
    60_000,
  );

  it.each(writes.map((row, at) => ({ ...row, name: `made-${at + 1}` })))(
    '$what: provision ends with $exitCode, and the next one leaves one of each',
    async (row) => {
      await remote.addFault(wishOf(row));
      const before = (await remote.log()).lines.length;

      const first = await tool(row.name, ['provision', '--yes', '--json']);
      const lines = (await remote.log()).lines.slice(before);
      await remote.clearFaults();
      const second = await tool(row.name, ['provision', '--yes', '--json']);
      const plan = await tool(row.name, ['plan', '--exit-code']);

      expect(first.exitCode, first.stdout).toBe(row.exitCode);
      expectCalls(lines, row);
      expect([second.exitCode, plan.exitCode], second.stdout).toEqual([0, 0]);
      expect(await inventoryOf(row.name)).toEqual({ project: true, databases: 1, caches: 1 });
      for (const run of [first, second]) await expectNoSecret(row.name, run);
      expect(await readdir(join(cloud.dir, row.name, '.jv-staging'))).not.toContain('run.lock');
    },
    120_000,
  );

  it('what a vendor says with escape sequences, workflow commands and our token in it is shown as it is, without the token', async () => {
    const body = JSON.stringify({ error: { code: 'x', message: `\u001b[31m::set-env name=A::b \u202e Bearer ${endpoints.vercel.token}` } });
    await remote.addFault(wishOf({ service: 'vercel', match: project, effect: status(400, { body }), times: null }));

    const runs = [await tool('steady', ['plan']), await tool('steady', ['plan', '--json'])];

    for (const { exitCode, stdout, stderr } of runs) {
      expect(exitCode).toBe(4);
      for (const character of ['\u001B', '\u202E']) expect(`${stdout}${stderr}`).not.toContain(character);
      expect(`${stdout}${stderr}`).not.toContain(endpoints.vercel.token);
      expect(`${stdout}${stderr}`).not.toMatch(/^::set-env/m);
    }
  }, 60_000);

  it('a disk that is full before anything was done: 3, and no vendor is asked to change anything (fault 13)', async () => {
    const { run, writes: sent } = await watched('full-at-once', { DISK_FULL_FROM: '1', NODE_OPTIONS: diskFull });

    expect(run.exitCode, run.stdout).toBe(3);
    expect(failureOf(run.stdout)).toMatchObject({ error: { code: 'STATE_NOT_WRITABLE', message: expect.stringContaining('ENOSPC') } });
    expect(sent).toEqual([]);
  }, 60_000);

  it('a disk that is full half way: 3, no secret is printed, and once there is room the next run leaves one of each (fault 13)', async () => {
    const { run, writes: sent } = await watched('full-half-way', { DISK_FULL_FROM: '9', NODE_OPTIONS: diskFull });
    const second = await tool('full-half-way', ['provision', '--yes', '--json']);
    const plan = await tool('full-half-way', ['plan', '--exit-code']);

    expect(run.exitCode, run.stdout).toBe(3);
    expect(failureOf(run.stdout)).toMatchObject({ error: { code: 'STATE_NOT_WRITABLE' } });
    expect(sent.length).toBeGreaterThan(0);
    expect([second.exitCode, plan.exitCode], second.stdout).toEqual([0, 0]);
    expect(await inventoryOf('full-half-way')).toEqual({ project: true, databases: 1, caches: 1 });
    await expectNoSecret('full-half-way', run);
  }, 120_000);

  it('state that cannot be written, or is a link: refused before anything is changed (fault 14)', async () => {
    const dir = await environmentFolder(cloud, 'unwritable');
    await writeFile(join(dir, '.jv-staging/journal'), 'a file where a folder belongs');
    const noFolder = await watched('unwritable');
    const linked = await environmentFolder(cloud, 'linked');
    await writeFile(join(cloud.dir, 'elsewhere'), '');
    await symlink(join(cloud.dir, 'elsewhere'), join(linked, '.env.staging.local'));
    const link = await watched('linked');

    expect([noFolder.run.exitCode, link.run.exitCode], noFolder.run.stdout + link.run.stdout).toEqual([3, 6]);
    expect(failureOf(noFolder.run.stdout)).toMatchObject({
      error: { code: 'STATE_NOT_WRITABLE', fix: expect.stringContaining('JV_STATE_DIR') },
    });
    expect(failureOf(link.run.stdout)).toMatchObject({ error: { code: 'STATE_SYMLINK' } });
    expect([...noFolder.writes, ...link.writes]).toEqual([]);
    expect(await readFile(join(cloud.dir, 'elsewhere'), 'utf8')).toBe('');
  }, 60_000);

  it('a journal that is damaged, or state that is lost altogether, misleads no provision: the vendors are asked (faults 15, 16)', async () => {
    const state = join(cloud.dir, 'steady/.jv-staging');
    const [first = ''] = (await readdir(join(state, 'journal'))).filter((file) => file.endsWith('.jsonl'));
    await writeFile(join(state, 'journal', first), '<<<<<<< HEAD\n');
    const damaged = await watched('steady');
    for (const entry of (await readdir(state)).filter((name) => name !== 'local')) await rm(join(state, entry), { recursive: true });
    const lost = await watched('steady');

    expect([damaged.run.exitCode, lost.run.exitCode], damaged.run.stdout + lost.run.stdout).toEqual([0, 0]);
    expect([...damaged.writes, ...lost.writes]).toEqual([]);
    expect(await inventoryOf('steady')).toEqual({ project: true, databases: 1, caches: 1 });
  }, 60_000);

  it('a reader that is gone ends no provision half way, and leaves no trace of a crash (fault 9)', async () => {
    const dir = await environmentFolder(cloud, 'unheard');
    const line = `{ "${process.execPath}" "${bin}" provision --yes --target local; echo $? > code; } | true`;
    const { stderr } = await execa('/bin/sh', ['-c', line], { cwd: dir, env: { NO_COLOR: '1' }, timeout: 120_000 });
    const plan = await tool('unheard', ['plan', '--exit-code']);

    expect((await readFile(join(dir, 'code'), 'utf8')).trim()).toBe('0');
    expect(stderr).not.toMatch(/EPIPE|^\s+at /m);
    expect(plan.exitCode, plan.stdout).toBe(0);
  }, 120_000);

  /** Provisions, and returns what it changed at the vendors, as they saw it. */
  const watched = async (name: string, env: Readonly<Record<string, string>> = {}) => {
    const before = (await remote.log()).lines.length;
    const run = await runInEnvironment(cloud, name, ['provision', '--yes', '--json'], env);
    return {
      run,
      writes: (await remote.log()).lines
        .slice(before)
        .filter(isWrite)
        .map(({ method, path }) => `${method} ${path}`),
    };
  };

  const wishOf = ({ service, match, effect, times }: Pick<Row, 'service' | 'match' | 'effect' | 'times'>): FaultWish => ({
    service,
    match,
    nth: 1,
    times,
    delayMs: 0,
    effect,
  });

  const inventoryOf = async (name: string) => {
    const platforms = localPlatforms(endpoints, systemClock);
    const { signal } = new AbortController();
    const [hosting, databases, caches] = await Promise.all([
      platforms.managed.hosting.read({ name, domain: `${name}.test`, production: [] }, signal),
      platforms.managed.databases.list({ name, production: [] }, signal),
      platforms.managed.caches.list({ name, production: [] }, signal),
    ]);
    await platforms.close();
    return { project: hosting.project !== undefined, databases: databases.found.length, caches: caches.found.length };
  };

  /** Nothing of what opens the vendors, or of what the environment file holds, is in any output or any file of state. */
  const expectNoSecret = async (name: string, { stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => {
    const file = await readFile(join(cloud.dir, name, '.env.staging.local'), 'utf8').catch(() => '');
    const values = [...file.matchAll(/^(?:JV_STATE_KEY|CRON_SECRET|STAGING_\w*(?:PASSWORD|KEY|TOKEN))=(.+)$/gm)].map(
      ([, value = '']) => value,
    );
    const state = join(cloud.dir, name, '.jv-staging');
    const entries = await readdir(join(state, 'journal')).catch(() => []);
    const texts = await Promise.all(entries.map((entry) => readFile(join(state, 'journal', entry), 'utf8')));
    const secrets = [...values, endpoints.vercel.token, endpoints.supabase.accessToken, endpoints.upstash.apiKey];
    expect(secrets.filter((secret) => [stdout, stderr, ...texts].some((text) => text.includes(secret)))).toEqual([]);
  };

  const tool = (name: string, args: readonly string[]) => runInEnvironment(cloud, name, args);
});

function isWrite({ method, path }: LedgerLine): boolean {
  return method !== 'GET' && method !== 'HEAD' && !path.endsWith('/query/read-only');
}

/** Counts the requests that the row's fault is about. */
function expectCalls(lines: readonly LedgerLine[], { service, match, calls: [least, most] }: Row): void {
  const [method, path = ''] = match.split(' ');
  const wanted = new RegExp(`^${path.replaceAll('*', '[^?]*')}$`);
  const met = lines.filter((line) => line.service === service && (match === '*' || (line.method === method && wanted.test(line.path))));
  expect(met.length).toBeGreaterThanOrEqual(least);
  expect(met.length).toBeLessThanOrEqual(most);
}

function failureOf(stdout: string): unknown {
  return JSON.parse(stdout);
}
