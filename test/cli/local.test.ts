import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runProcess } from '../support/run-process.ts';
import { runTool } from '../support/tool.ts';
import { until } from '../support/until.ts';

let folder = '';
let exported: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-local-cli-'));
  const started = await tool('local', 'start');
  expect(started.code).toBe(0);
  exported = await until('the production world', async () => {
    const { code, stdout } = await tool('local', 'env', '--project', 'jetvision-production', '--json');
    return code === 0 && stdout.includes('UPSTASH_REDIS_REST_URL') ? variables.parse(JSON.parse(stdout)).data : undefined;
  });
}, 120_000);

afterAll(async () => {
  await tool('local', 'stop');
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const variables = z.object({ data: z.record(z.string(), z.string()) });
const envelope = z.object({ ok: z.boolean(), data: z.unknown().optional(), error: z.object({ code: z.string() }).optional() });

function tool(...args: readonly string[]) {
  return runTool(args, { cwd: folder, env: { JV_STATE_DIR: join(folder, 'state') } });
}

/** Runs the tool with `--json`; returns the exit code and the one object. */
async function asked(...args: readonly string[]) {
  const ended = await tool(...args, '--json');
  return { code: ended.code, ...envelope.parse(JSON.parse(ended.stdout)) };
}

function user(): Promise<Response> {
  return fetch(`${exported['VERCEL_API_URL']}/v2/user`, { headers: { authorization: `Bearer ${exported['VERCEL_TOKEN']}` } });
}

describe('local fault', () => {
  it('adds a fault that really fails, lists it, and clears it', async () => {
    await writeFile(join(folder, 'page.html'), '<h1>Bad Gateway</h1>');

    const added = await asked(
      'local',
      'fault',
      'add',
      '--service',
      'vercel',
      '--match',
      'GET /v2/user',
      '--nth',
      '2',
      '--status',
      '502',
      '--body',
      'page.html',
    );
    const answers = [await user(), await user(), await user()];
    const listed = await tool('local', 'fault', 'ls');
    const cleared = await asked('local', 'fault', 'clear');

    expect(added).toMatchObject({ code: 0, data: { id: 'fault-1', match: 'GET /v2/user', nth: 2, times: 1 } });
    expect(answers.map(({ status }) => status)).toEqual([200, 502, 200]);
    expect(await answers[1]?.text()).toBe('<h1>Bad Gateway</h1>');
    expect(listed.stdout).toMatch(/fault-1 +vercel +GET \/v2\/user +status 502/);
    expect(cleared).toMatchObject({ code: 0, data: { cleared: 1 } });
  });

  it.each([
    [['--service', 'vercel', '--hang', '--quota'], 'FAULT_INVALID'],
    [['--service', 'nobody', '--quota'], 'FAULT_INVALID'],
    [['--latency', 'soon'], 'DURATION_INVALID'],
    [['--service', 'vercel', '--body', 'no-such-file'], 'FAULT_BODY_UNREADABLE'],
  ])('refuses %j with 2', async (args, code) => {
    expect(await asked('local', 'fault', 'add', ...args)).toMatchObject({ code: 2, ok: false, error: { code } });
  });

  it('says that a fault is not there', async () => {
    expect(await asked('local', 'fault', 'clear', '--id', 'fault-99')).toMatchObject({ code: 3, error: { code: 'FAULT_NOT_FOUND' } });
  });
});

describe('local log and local routes', () => {
  it('show what was asked, and what can be', async () => {
    await user();

    const logged = await asked('local', 'log', '--service', 'vercel');
    const read = await tool('local', 'log');
    const routes = await tool('local', 'routes');

    expect(logged.data).toMatchObject({ requests: { vercel: expect.any(Number) } });
    const { lines } = z.object({ lines: z.array(z.object({ path: z.string(), status: z.number().nullable() })) }).parse(logged.data);
    expect(lines.at(-1)).toEqual({ path: '/v2/user', status: 200 });
    expect(read.stdout).toMatch(/vercel +GET +\/v2\/user +200/);
    expect(routes.stdout).toContain('POST   /files');
    expect(routes.stdout).toMatch(/\d+ endpoints; anything else answers 404/);
  });
});

describe('local env --project', () => {
  it('prints what a shell takes, and it opens the project', async () => {
    const ping = "fetch(process.env.UPSTASH_REDIS_REST_URL + '/ping?_token=' + process.env.UPSTASH_REDIS_REST_TOKEN)";
    const script = `eval "$(cat exports)" && exec "${process.execPath}" -e "${ping}.then((r) => r.text()).then(console.log)"`;
    await writeFile(join(folder, 'exports'), (await tool('local', 'env', '--project', 'jetvision-production')).stdout);

    const ended = await runProcess('/bin/sh', ['-c', script], { cwd: folder, env: { PATH: process.env['PATH'] ?? '' } });

    expect(ended).toMatchObject({ code: 0, stdout: '{"result":"PONG"}\n' });
    expect(await readFile(exported['SUPABASE_PROFILE'] ?? '', 'utf8')).toContain(`api_url: ${exported['SUPABASE_API_URL']}`);
  });

  it('names the projects that there are', async () => {
    const ended = await tool('local', 'env', '--project', 'nobody');

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('jetvision-production');
  });
});

describe('local reset', () => {
  it('wants to be told twice, and shows first what would go', async () => {
    expect(await asked('local', 'reset', '--yes')).toMatchObject({ code: 6, error: { code: 'LOCAL_RESET_UNCONFIRMED' } });
    expect(await asked('local', 'reset', '--confirm', 'production')).toMatchObject({ code: 6 });
    expect(await asked('local', 'reset', '--dry-run')).toMatchObject({ code: 0, data: { dryRun: true, wasRunning: true } });
    expect((await user()).status).toBe(200);
  });

  it('removes everything, and starts anew with the same addresses and credentials', async () => {
    const create = { method: 'POST', headers: { authorization: `Bearer ${exported['VERCEL_TOKEN']}` }, body: '{"name":"short-lived"}' };
    expect((await fetch(`${exported['VERCEL_API_URL']}/v11/projects`, create)).status).toBe(200);

    const certificate = await readFile(exported['JV_LOCAL_CA'] ?? '', 'utf8');

    const report = await asked('local', 'reset', '--confirm', 'local');

    expect(report).toMatchObject({ code: 0, data: { dryRun: false, removed: expect.arrayContaining(['vercel', 'supabase', 'upstash']) } });
    const project = await fetch(`${exported['VERCEL_API_URL']}/v9/projects/short-lived`, { headers: create.headers });
    expect([project.status, (await user()).status]).toEqual([404, 200]);
    expect((await asked('local', 'fault', 'ls')).data).toEqual({ faults: [] });
    expect(await readFile(exported['JV_LOCAL_CA'] ?? '', 'utf8')).toBe(certificate);
  });
});

describe('without a local cloud', () => {
  it.each([['fault', 'ls'], ['log'], ['routes']])('says so: local %s', async (...words) => {
    const ended = await runTool(['local', ...words.filter((word) => word !== undefined)], {
      cwd: folder,
      env: { JV_STATE_DIR: join(folder, 'none') },
    });

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('LOCAL_NOT_RUNNING');
  });
});
