import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { execa } from 'execa';
import { embeddedLoad } from '../../src/adapters/embedded-load/engine.ts';
import { k6Load, ownScriptLoad } from '../../src/adapters/k6/engine.ts';
import { fitScript } from '../../src/adapters/k6/own-script.ts';
import type { LoadPlan } from '../../src/core/ports/measure.ts';
import { loadSettingsForUrl, originalJourney } from '../../src/core/load/profile.ts';
import { standaloneScript } from '../../src/core/load/standalone-script.ts';
import { findComponent, requires } from '../support/requires.ts';
import { type SigningServer, signingServer } from '../support/signing-server.ts';

const none = new AbortController().signal;
const k6 = findComponent('k6') ?? 'k6';
const stages = [{ durationMs: 1000, vus: 3 }];
let folder = '';
let server: SigningServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-staging-test-script-'));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

async function serve(status: Parameters<typeof signingServer>[0]['status']) {
  server = await signingServer({ password: 'canary-password', status });
  return server;
}

/** Runs the original journey, emitted, under plain `k6 run`. */
async function runEmitted(origin: string) {
  const journey = originalJourney('agent1@staging.test').map((request) => ({ ...request, thinkMs: 20 }));
  const settings = { ...loadSettingsForUrl('/'), journey };
  const script = standaloneScript({ target: { origin, resolve: {} }, settings, stages, timeoutMs: 5000 });
  await writeFile(join(folder, 'script.js'), script);
  const env = { PATH: '/usr/bin:/bin', HOME: folder, STAGING_USER_PASSWORD: 'canary-password' };
  const ended = await execa(k6, ['run', '--no-usage-report', '--address=', 'script.js'], {
    cwd: folder,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  return { ended, script };
}

describe('the emitted script under plain k6', () => {
  requires('k6')('signs in once, sends the journey as that user, and writes its results', async () => {
    const app = await serve((path, signedIn) => (path === '/api/health' ? 200 : signedIn ? 201 : 401));

    const { ended, script } = await runEmitted(app.origin);

    expect(ended.exitCode).toBe(0);
    expect(script).not.toContain('canary');
    expect(app.bodies('/api/auth/sign-in')).toHaveLength(1);
    expect(app.cookies('/api/health').every((cookie) => cookie === undefined)).toBe(true);
    for (const cookie of app.cookies('/api/requests')) expect(cookie?.split('; ').toSorted()).toEqual(['jv_more=1', 'jv_session=canary']);
    expect(JSON.parse(app.bodies('/api/requests')[0] ?? '').departure_date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    const results = JSON.parse(await readFile(join(folder, 'staging-load-test-results.json'), 'utf8'));
    expect(results.metrics['http_req_failed{scenario:journey}'].values.rate).toBe(0);
    expect(ended.stdout).toContain('0.00 % failed (limit 15)');
  });

  requires('k6')('is red where rows are answered with 200 instead of 201', async () => {
    const app = await serve(() => 200);

    const { ended } = await runEmitted(app.origin);

    expect(ended.exitCode).toBe(99);
  });
});

describe('a script of the user’s own', () => {
  const good = `import http from 'k6/http';
export const options = { vus: 3, duration: '1s', thresholds: { http_req_failed: ['rate<0.5'] } };
export default function () { http.get(__ENV.JV_URL + '/own', { headers: { cookie: __ENV.OWN_COOKIE } }); }
export function handleSummary(data) { return { 'own.json': JSON.stringify(data.metrics.http_reqs.values) }; }`;

  const write = async (text: string) => {
    const path = join(folder, 'own.js');
    await writeFile(path, text);
    return path;
  };

  requires('k6')('runs where it lies, sees only what it names, and is measured by its own expectations', async () => {
    const app = await serve((_path, _signedIn, count) => (count % 4 === 0 ? 500 : 200));
    const values: Readonly<Record<string, string>> = { OWN_COOKIE: 'own=1', OTHER: 'never' };
    const fit = await fitScript(k6, await write(good), (name) => values[name], none);

    const measured = await ownScriptLoad(k6, () => fit).run(planFor(app.origin), () => undefined, none);

    expect(fit).toMatchObject({ environment: { OWN_COOKIE: 'own=1' }, stages: [{ vus: 3 }] });
    expect(new Set(app.cookies('/own'))).toEqual(new Set(['own=1']));
    expect(measured.all.requests).toBe(app.cookies('/own').length);
    expect(measured.all.errorsByClass).toEqual({ '500': Math.floor(measured.all.requests / 4) });
    expect(measured.crossedOwnThresholds).toBeUndefined();
    expect(await readdir(folder)).toContain('own.json');
  });

  requires('k6')('that crosses its own threshold says so', async () => {
    const app = await serve(() => 500);
    const fit = await fitScript(k6, await write(good), () => '', none);

    const measured = await ownScriptLoad(k6, () => fit).run(planFor(app.origin), () => undefined, none);

    expect(measured.crossedOwnThresholds).toBe(true);
  });

  requires('k6')('is refused with its line when it could pass while testing nothing, also where options are computed', async () => {
    const computed = 'const make = () => ({ vus: 1 });\nexport const options = make();\nexport default function () {}';

    await expect(fitScript(k6, await write(computed), () => undefined, none)).rejects.toMatchObject({
      code: 'LOAD_SCRIPT_UNFIT',
      exitCode: 2,
      message: expect.stringContaining('has no thresholds'),
    });
    await expect(fitScript(k6, await write('export default function ( {'), () => undefined, none)).rejects.toMatchObject({
      code: 'LOAD_SCRIPT_UNREADABLE',
      exitCode: 2,
    });
  });
});

describe.each(['embedded', 'k6'] as const)('the engine %s', (name) => {
  requires('k6')('tells refusals that say when to come back from those that do not', async () => {
    const app = await serve((_path, _signedIn, count) => [200, 429, 503, 500][count % 4] ?? 200);
    const journey = loadSettingsForUrl('/').journey.map((request) => ({ ...request, thinkMs: 20 }));
    const engine = name === 'k6' ? k6Load(k6) : embeddedLoad('1.0.0');

    const { all, gracefulByStatus } = await engine.run({ ...planFor(app.origin), journey }, () => undefined, none);

    expect(Object.keys(all.errorsByClass)).toEqual(['429', '500', '503']);
    expect(gracefulByStatus).toEqual({ '429': all.errorsByClass['429'], '503': all.errorsByClass['503'] });
  });
});

function planFor(origin: string): LoadPlan {
  return { target: { origin, resolve: {} }, journey: [], headers: {}, stages, timeoutMs: 5000 };
}
