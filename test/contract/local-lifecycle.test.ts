import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import { cloudEnv, cloudStatus, ensureCloud, stopCloud } from '../../src/local/lifecycle.ts';
import type { ChildLine, ProcessMark } from '../../src/local/processes.ts';
import { endAll, isAlive, leftChildren, markOf } from '../../src/local/processes.ts';
import { cloudOptions, removeCloud, startTestCloud } from '../support/local-cloud.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { tinyApp } from '../support/tiny-app.ts';
import { vercelClient, visit } from '../support/vercel-client.ts';

const timeout = 120_000;

describe('a running local cloud', { timeout }, () => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud();
  }, timeout);
  afterAll(() => cloud.stop(), timeout);

  it('keeps what it wrote from other users', async () => {
    expect((await stat(cloud.stateDir)).mode & 0o777).toBe(0o700);
    for (const file of ['endpoints.json', 'credentials.json', 'cloud.log', 'supabase-profile.yaml']) {
      expect((await stat(join(cloud.stateDir, file))).mode & 0o777).toBe(0o600);
    }
  });

  it("tells what the vendors' clients need", () => {
    const env = cloudEnv(cloud.endpoints, cloud.stateDir);
    expect(env).toMatchObject({ VERCEL_API_URL: cloud.endpoints.vercel.apiUrl, VERCEL_ORG_ID: expect.stringMatching(/^team_/) });
    expect(env['SUPABASE_ACCESS_TOKEN']).toMatch(/^sbp_[0-9a-f]{40}$/);
  });

  it('has the small vendors beside, each behind its own token', async () => {
    const env = cloudEnv(cloud.endpoints, cloud.stateDir);
    const answers = ['CLERK_API_URL', 'SENTRY_URL', 'GITHUB_API_URL', 'JV_LOCAL_DNS_RECORDS_URL'].map(async (name) => {
      const paths: Readonly<Record<string, string>> = { CLERK_API_URL: '/v1/users', SENTRY_URL: '/api/0/issues/', GITHUB_API_URL: '/user' };
      return (await fetch(`${env[name] ?? ''}${paths[name] ?? ''}`)).status;
    });
    const slack = await fetch(`${env['SLACK_API_URL'] ?? ''}auth.test`, { method: 'POST' });
    const dns = new Resolver();
    dns.setServers([env['JV_LOCAL_DNS'] ?? '']);
    const { services } = await cloudStatus(cloud);

    expect(await Promise.all(answers)).toEqual([401, 401, 401, 401]);
    expect(await slack.json()).toEqual({ ok: false, error: 'not_authed' });
    expect(await dns.resolve4('cname.vercel-dns.com')).toEqual(['76.76.21.21']);
    expect(services.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['clerk', 'clerk-production', 'slack', 'sentry', 'github', 'dns']),
    );
    expect(Object.values(env)).not.toContain(cloud.endpoints.beside?.clerkProduction.secretKey);
  });

  it('wants the token on its control interface', async () => {
    const { control } = cloud.endpoints;
    expect((await fetch(`${control.url}/_local/status`)).status).toBe(403);
    expect((await fetch(`${control.url}/_local/stop`, { method: 'POST', headers: { authorization: 'Bearer wrong' } })).status).toBe(403);
    expect((await cloudStatus(cloud)).running).toBe(true);
  });

  it('counts every request, without a secret', async () => {
    await vercelClient(cloud.endpoints).call('GET', '/v9/projects/counted?secret=hidden');
    const { url, token } = cloud.endpoints.control;
    const text = await (await fetch(`${url}/_local/log`, { headers: { authorization: `Bearer ${token}` } })).text();
    const log: { readonly requests: object; readonly lines: readonly { readonly path: string }[] } = JSON.parse(text);
    expect(log.requests).toMatchObject({ vercel: expect.any(Number) });
    expect(log.lines.filter(({ path }) => path.endsWith('/counted'))).toMatchObject([
      { service: 'vercel', method: 'GET', path: '/v9/projects/counted', status: 404 },
    ]);
    expect(text).not.toMatch(/hidden|jvlocal_/);
  });

  it('outlives its engines and says which one is gone', async () => {
    await running(cloud, 'redis jetvision-production');
    const shared = (await readFile(join(cloud.stateDir, 'shared-dir'), 'utf8')).trim();
    process.kill(Number.parseInt(await readFile(join(shared, 'supabase/postgres/data/postmaster.pid'), 'utf8'), 10), 'SIGKILL');
    const states = await stateOf(cloud, 'postgres', 'down');
    expect(states).toMatchObject({ vercel: 'running', supabase: 'down', postgres: 'down', upstash: 'running' });
    expect((await vercelClient(cloud.endpoints).call('GET', '/v2/user')).status).toBe(200);
  });
});

describe('the life of a local cloud', { timeout }, () => {
  let stateDir: string;
  const start = () => ensureCloud(cloudOptions(stateDir));
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'jv-lifecycle-'));
  });
  afterEach(() => removeCloud(stateDir), timeout);

  it('starts once however often it is asked for, and keeps addresses and credentials over a restart', async () => {
    const all = await Promise.all([start(), start(), start()]);
    const before = await start();
    expect(new Set([...all, before].map((endpoints) => endpoints.pid)).size).toBe(1);
    expect(await daemonsOf(stateDir)).toEqual([before.pid]);
    expect(await stopCloud({ stateDir })).toBe(true);
    expect(await cloudStatus({ stateDir })).toMatchObject({ running: false });
    expect(await stopCloud({ stateDir })).toBe(false);
    const after = await start();
    expect({ ...after, pid: 0, domains: {} }).toEqual({ ...before, pid: 0, domains: {} });
    expect(after.pid).not.toBe(before.pid);
  });

  it('ends when its folder is removed, and a new one at the same place begins afresh', async () => {
    const before = await start();
    const shared = (await readFile(join(stateDir, 'shared-dir'), 'utf8')).trim();
    const mark = markOf(before.pid);
    if (!mark) throw new Error('It does not run.');
    await rm(stateDir, { recursive: true, force: true });
    await ended(mark);
    const after = await start();
    expect(after.vercel.token).not.toBe(before.vercel.token);
    await expect(stat(shared)).rejects.toThrow('ENOENT');
  });

  it('leaves nothing running when its start is broken off', async () => {
    const broken = ensureCloud({ ...cloudOptions(stateDir), signal: AbortSignal.timeout(400) });
    await expect(broken).rejects.toThrow(/abort|timeout/i);
    expect(await daemonsOf(stateDir)).toEqual([]);
    expect(await cloudStatus({ stateDir })).toMatchObject({ running: false });
  });

  it('ends every child when it stops, by request and by signal', async () => {
    for (const end of [() => stopCloud({ stateDir }), () => signalAndWait(stateDir)]) {
      const children = await runSomething(await start(), stateDir);
      expect(children.length).toBeGreaterThan(0);
      await end();
      expect(children.filter(isAlive)).toEqual([]);
    }
  });

  it('leaves no child behind when it is killed, and starts again', async () => {
    const endpoints = await start();
    const children = await runSomething(endpoints, stateDir);
    process.kill(endpoints.pid, 'SIGKILL');
    const again = await start();
    expect(again.pid).not.toBe(endpoints.pid);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it('ends a child that a killed daemon left and that does not end by itself', async () => {
    const deaf = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")';
    const stubborn = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => {
      stubborn.stdout.once('data', resolve);
    });
    const mark = markOf(stubborn.pid ?? 0);
    await writeFile(join(stateDir, 'children.ndjson'), `${JSON.stringify({ ...mark, what: 'a stubborn child' })}\n{"pid":`);
    await start();
    expect(mark && isAlive(mark)).toBe(false);
    expect(await readFile(join(stateDir, 'cloud.log'), 'utf8')).toContain('ending a stubborn child');
  });

  it('does not end a process that merely has the number of an old child', async () => {
    const mark = markOf(process.pid);
    await writeFile(join(stateDir, 'children.ndjson'), `${JSON.stringify({ ...mark, startedAt: '1', what: 'somebody else' })}\n`);
    expect(await leftChildren(stateDir)).toEqual([]);
    expect(mark && isAlive(mark)).toBe(true);
  });

  it('says why it could not start', async () => {
    await writeFile(join(stateDir, 'ports.json'), '{"vercel":');
    await expect(start()).rejects.toMatchObject({
      code: 'LOCAL_START_FAILED',
      message: expect.stringContaining('ports.json is damaged'),
    });
    expect(await daemonsOf(stateDir)).toEqual([]);
  });

  it('names the missing program and how to get it', async () => {
    const options = { ...cloudOptions(stateDir), engines: { redisServer: '/nowhere/redis-server' } };
    await expect(ensureCloud(options)).rejects.toMatchObject({ kind: 'missing', code: 'LOCAL_REDIS_MISSING' });
    expect(await daemonsOf(stateDir)).toEqual([]);
  });
});

/** Returns the processes whose command line names the state folder. */
async function daemonsOf(stateDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')]));
  return lines.filter(([, line]) => line?.split('\0').includes(stateDir)).map(([pid]) => Number(pid));
}

async function runSomething(endpoints: LocalEndpoints, stateDir: string): Promise<readonly ChildLine[]> {
  const vercel = vercelClient(endpoints);
  await vercel.call('POST', '/v11/projects', { name: 'child' });
  const created = await vercel.deploy('child', tinyApp('child'));
  const { body } = await vercel.settled(created.body['id']);
  expect((await visit(endpoints, String(body['url']), '/api/env')).status).toBe(200);
  return await leftChildren(stateDir);
}

async function signalAndWait(stateDir: string): Promise<void> {
  const { pid } = await cloudStatus({ stateDir });
  const mark: ProcessMark | undefined = pid === undefined ? undefined : markOf(pid);
  if (!mark) throw new Error('It does not run.');
  await endAll([mark], 30_000);
}

async function ended(mark: ProcessMark): Promise<void> {
  while (isAlive(mark)) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

async function statesOf(cloud: TestCloud): Promise<Readonly<Record<string, string>>> {
  const { services } = await cloudStatus(cloud);
  return Object.fromEntries(services.map((service) => [service.name, service.state]));
}

/** Waits until a service is in a state; returns the states of all. */
async function stateOf(cloud: TestCloud, name: string, state: string): Promise<Readonly<Record<string, string>>> {
  for (;;) {
    const states = await statesOf(cloud);
    if (states[name] === state) return states;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

async function running(cloud: TestCloud, name: string): Promise<void> {
  await stateOf(cloud, name, 'running');
}
