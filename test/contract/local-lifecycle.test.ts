import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudEnv, cloudStatus, ensureCloud, stopCloud } from '../../src/local/lifecycle.ts';
import type { ChildLine } from '../../src/local/processes.ts';
import { isAlive, leftChildren, markOf } from '../../src/local/processes.ts';
import { cloudOptions, removeCloud } from '../support/local-cloud.ts';
import { tinyApp } from '../support/tiny-app.ts';
import { vercelClient, visit } from '../support/vercel-client.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'jv-lifecycle-'));
});
afterEach(() => removeCloud(stateDir), 30_000);

const start = () => ensureCloud(cloudOptions(stateDir));

describe('the local cloud', { timeout: 60_000 }, () => {
  it('starts once however often it is asked for', async () => {
    const all = await Promise.all([start(), start(), start()]);
    const later = await start();
    expect(new Set([...all, later].map((endpoints) => endpoints.pid)).size).toBe(1);
    const status = await cloudStatus({ stateDir });
    expect(status).toMatchObject({ running: true, pid: later.pid });
    const states = Object.fromEntries(status.services.map((service) => [service.name, service.state]));
    expect(states).toMatchObject({ vercel: 'running', supabase: 'running', postgres: 'running', upstash: 'running' });
  });

  it('keeps addresses and credentials over a restart', async () => {
    const before = await start();
    expect(await stopCloud({ stateDir })).toBe(true);
    expect(await cloudStatus({ stateDir })).toMatchObject({ running: false });
    expect(await stopCloud({ stateDir })).toBe(false);
    const after = await start();
    expect({ ...after, pid: 0, domains: {} }).toEqual({ ...before, pid: 0, domains: {} });
    expect(after.pid).not.toBe(before.pid);
  });

  it('keeps what it wrote from other users', async () => {
    await start();
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
    for (const file of ['endpoints.json', 'credentials.json', 'cloud.log']) {
      expect((await stat(join(stateDir, file))).mode & 0o777).toBe(0o600);
    }
  });

  it("tells what the vendors' clients need", async () => {
    const endpoints = await start();
    const env = cloudEnv(endpoints, stateDir);
    expect(env).toMatchObject({ VERCEL_API_URL: endpoints.vercel.apiUrl, VERCEL_ORG_ID: expect.stringMatching(/^team_/) });
    expect(env['SUPABASE_ACCESS_TOKEN']).toMatch(/^sbp_[0-9a-f]{40}$/);
  });

  it('wants the token on its control interface', async () => {
    const { control } = await start();
    expect((await fetch(`${control.url}/_local/status`)).status).toBe(403);
    expect((await fetch(`${control.url}/_local/stop`, { method: 'POST', headers: { authorization: 'Bearer wrong' } })).status).toBe(403);
    expect((await cloudStatus({ stateDir })).running).toBe(true);
  });

  it('ends every child when it stops, by request and by signal', async () => {
    for (const end of [() => stopCloud({ stateDir }), signalAndWait]) {
      const endpoints = await start();
      const children = await runSomething(endpoints);
      expect(children.length).toBeGreaterThan(0);
      await end();
      expect(children.filter(isAlive)).toEqual([]);
    }
  });

  it('leaves no child behind when it is killed, and starts again', async () => {
    const endpoints = await start();
    const children = await runSomething(endpoints);
    process.kill(endpoints.pid, 'SIGKILL');
    const again = await start();
    expect(again.pid).not.toBe(endpoints.pid);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it('ends a child that a killed daemon left and that does not end by itself', async () => {
    const { spawn } = await import('node:child_process');
    const stubborn = spawn(process.execPath, ['-e', 'process.on("SIGTERM",()=>{}); setInterval(()=>{}, 1000); console.log("up")'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => {
      stubborn.stdout.once('data', resolve);
    });
    const mark = markOf(stubborn.pid ?? 0);
    await writeFile(join(stateDir, 'children.ndjson'), `${JSON.stringify({ ...mark, what: 'a stubborn child' })}\n{"pid":`);
    await start();
    expect(mark && isAlive(mark)).toBe(false);
    expect(await readFile(join(stateDir, 'cloud.log'), 'utf8')).toContain('ending a stubborn child');
  });

  it('says why it could not start', async () => {
    await writeFile(join(stateDir, 'ports.json'), '{"vercel":');
    await expect(start()).rejects.toMatchObject({ code: 'LOCAL_START_FAILED', message: expect.stringContaining('ports.json is damaged') });
  });
});

async function runSomething(endpoints: Awaited<ReturnType<typeof start>>): Promise<readonly ChildLine[]> {
  const vercel = vercelClient(endpoints);
  await vercel.call('POST', '/v11/projects', { name: 'child' });
  const created = await vercel.deploy('child', tinyApp('child'));
  const { body } = await vercel.settled(created.body['id']);
  expect((await visit(endpoints, String(body['url']), '/api/env')).status).toBe(200);
  return await leftChildren(stateDir);
}

async function signalAndWait(): Promise<void> {
  const { pid } = await cloudStatus({ stateDir });
  const mark = pid === undefined ? undefined : markOf(pid);
  if (!mark) throw new Error('It does not run.');
  process.kill(mark.pid, 'SIGTERM');
  while (isAlive(mark)) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
