import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { k6Cloud } from '../../src/adapters/k6/cloud.ts';
import { k6Load } from '../../src/adapters/k6/engine.ts';
import { kubernetesLoad } from '../../src/adapters/kubernetes/fleet.ts';
import { kubectl } from '../../src/adapters/kubernetes/kubectl.ts';
import { loadSettingsForUrl, originalJourney } from '../../src/core/load/profile.ts';
import { standaloneScript } from '../../src/core/load/standalone-script.ts';
import { judgeLoad } from '../../src/core/load/judge.ts';
import type { LoadMeasurement } from '../../src/core/load/load.ts';
import type { LoadPlan } from '../../src/core/ports/measure.ts';
import { fakeProgram } from '../support/fake-program.ts';
import { testRunProblems } from '../support/kubernetes/crd-check.ts';
import { findComponent, requires } from '../support/requires.ts';
import { type SigningServer, signingServer } from '../support/signing-server.ts';

const none = new AbortController().signal;
const k6 = findComponent('k6') ?? 'k6';
const servers: SigningServer[] = [];
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-staging-test-fleet-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Far above what a busy machine adds, and in shares whose borders lie far from every percentile that is compared. */
const delaysMs = [400, 400, 1600, 800, 400, 400, 400, 1600, 800, 400];

async function serve(delayMs?: (count: number) => number) {
  const server = await signingServer({
    password: 'canary-password',
    status: (path, signedIn) => (path === '/api/health' ? 200 : signedIn ? 201 : 401),
    ...(delayMs === undefined ? {} : { delayMs }),
  });
  servers.push(server);
  return server;
}

const journey = originalJourney('agent1@staging.test').map((request) => ({ ...request, maxMs: 1500, thinkMs: 0 }));
const stages = [
  { durationMs: 500, vus: 12 },
  { durationMs: 6500, vus: 12 },
];

function planFor(origin: string, ramp = stages): LoadPlan {
  const cookie = { cookie: 'jv_session=canary' };
  return { target: { origin, resolve: {} }, journey, headers: { health: {}, 'create-request': cookie }, stages: ramp, timeoutMs: 5000 };
}

/** The engine of a cluster whose kubectl is the fake one. */
async function fleet(origin: string, { mode = '', ramp = stages, parallelism = 3, name = 'cluster' } = {}) {
  await fakeProgram(
    join(folder, 'bin/kubectl'),
    `exec '${process.execPath}' '${join(import.meta.dirname, '../support/kubernetes/fake-kubectl.ts')}' "$@"`,
  );
  const cluster = join(folder, name);
  const secrets = { STAGING_USER_PASSWORD: 'canary-password' };
  const environment = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, KUBE_FAKE_DIR: cluster, KUBE_FAKE_MODE: mode, KUBE_FAKE_K6: k6 };
  const settings = { ...loadSettingsForUrl('/'), journey };
  const engine = kubernetesLoad({
    name: 'jv-load-test',
    script: standaloneScript({ target: { origin, resolve: {} }, settings, stages: ramp, timeoutMs: 5000, processes: parallelism }),
    parallelism,
    image: 'grafana/k6:1.8.1',
    secrets,
    k6Version: '1.8.1',
    everyMs: 200,
    kubectl: kubectl({ context: 'staging', namespace: undefined, environment, secrets: Object.values(secrets) }),
  });
  const calls = async () => {
    const lines = (await readFile(join(cluster, 'calls.jsonl'), 'utf8')).trim().split('\n');
    return lines.map((line): { readonly args: readonly string[]; readonly input: string } => JSON.parse(line));
  };
  return { engine, calls };
}

describe('a fleet of k6 processes', () => {
  // A machine that is busy just then is late by more than 3 %, whoever measures: measure again.
  requires('k6')('gives the percentiles of one process within 3 %, and leaves nothing behind', { retry: 2 }, async () => {
    const [ofFleet, ofOne] = [await serve((count) => delaysMs[count % 10] ?? 0), await serve((count) => delaysMs[count % 10] ?? 0)];
    const { engine, calls } = await fleet(ofFleet.origin);
    const notes: string[] = [];

    const [many, one] = await Promise.all([
      engine.run({ ...planFor(ofFleet.origin), note: (text) => notes.push(text) }, () => undefined, none),
      k6Load(k6).run(planFor(ofOne.origin), () => undefined, none),
    ]);
    const made = await calls();

    for (const at of ['p50Ms', 'p90Ms', 'p95Ms', 'p99Ms'] as const) {
      expect.soft(Math.abs(many.all[at] - one.all[at]) / one.all[at], `${at}: ${many.all[at]} and ${one.all[at]}`).toBeLessThan(0.03);
    }
    expect([many.vusMax, many.all.errors, many.engineVersion]).toEqual([12, 0, '1.8.1']);
    expect(many.all.requests).toBe(ofFleet.bodies('/api/health').length + ofFleet.bodies('/api/requests').length);
    expect(Math.abs(many.all.requests - one.all.requests) / one.all.requests).toBeLessThan(0.1);
    expect(many.slowByRequest?.['health']).toBeGreaterThan(0);
    expect(ofFleet.bodies('/api/auth/sign-in')).toHaveLength(3);
    expect(notes).toContain('3 runners, stage started');
    expect(made.at(-1)?.args.slice(0, 4)).toEqual([
      'delete',
      'secret/jv-load-test',
      'configmap/jv-load-test',
      'testruns.k6.io/jv-load-test',
    ]);
    expect(made.every(({ args }) => args.includes('--context=staging'))).toBe(true);
  });

  requires('k6')('puts the secret into the Secret alone, and the TestRun is what the CRD asks for', async () => {
    const app = await serve();
    const { engine, calls } = await fleet(app.origin, { ramp: [{ durationMs: 300, vus: 2 }], parallelism: 2 });

    await engine.run(planFor(app.origin), () => undefined, none);
    const made = await calls();
    const created = made.find(({ args }) => args[0] === 'create')?.input ?? '';
    const objects = parseAllDocuments(created).map((document) => document.toJS());

    expect(JSON.stringify(made.map(({ args }) => args))).not.toContain('canary');
    expect(objects.filter((each) => JSON.stringify(each).includes('canary')).map(({ kind }) => kind)).toEqual(['Secret']);
    expect(objects.map(({ kind }) => kind)).toEqual(['Secret', 'ConfigMap', 'TestRun']);
    expect(testRunProblems(objects[2])).toEqual([]);
  });

  requires('k6')('of which one process has no CPU left carries no verdict, however good its figures', async () => {
    const app = await serve();
    const ramp = [
      { durationMs: 300, vus: 4 },
      { durationMs: 4000, vus: 4 },
    ];
    const [idle, starved] = [
      await fleet(app.origin, { ramp, parallelism: 2 }),
      await fleet(app.origin, { mode: 'starved', ramp, parallelism: 2, name: 'starved' }),
    ];
    const generator = (measured: LoadMeasurement) =>
      judgeLoad(measured, ramp, { p95Ms: 5000, errorRate: 0.15 }).find(({ id }) => id === 'generator');

    const well = await idle.engine.run(planFor(app.origin, ramp), () => undefined, none);
    const badly = await starved.engine.run(planFor(app.origin, ramp), () => undefined, none);

    expect(badly.generatorLateMs).toBeGreaterThan(100);
    expect(well.generatorLateMs).toBeLessThan(badly.generatorLateMs ?? 0);
    expect(generator(badly)).toMatchObject({ verdict: 'inconclusive', message: expect.stringMatching(/was \d+ ms late itself/) });
  });

  const short = [{ durationMs: 300, vus: 2 }];
  test.each([
    ['without the operator', 'no-operator', { kind: 'missing', code: 'K6_OPERATOR_NOT_FOUND' }, ['api-resources']],
    ['whose objects are refused', 'refuses', { kind: 'vendor', code: 'KUBECTL_REFUSED' }, ['api-resources', 'create', 'delete']],
    [
      'whose TestRun ends in an error',
      'error',
      { code: 'LOAD_FLEET_FAILED', message: expect.stringContaining('ReferenceError') },
      ['api-resources', 'create', 'get', 'logs', 'delete'],
    ],
  ])('a cluster %s says so, and keeps nothing', async (_title, mode, expected, verbs) => {
    const { engine, calls } = await fleet('http://127.0.0.1:9', { mode, ramp: short, parallelism: 1 });

    const error = await engine.run(planFor('http://127.0.0.1:9', short), () => undefined, none).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject(expected);
    expect(JSON.stringify([error, String(error)])).not.toContain('canary');
    expect((await calls()).map(({ args }) => args[0])).toEqual(verbs);
  });

  requires('k6')('of which one was lost has no figures, and what is interrupted is taken away', async () => {
    const app = await serve();
    const lost = await fleet(app.origin, { mode: 'lost', ramp: short, parallelism: 2 });
    const missing = await lost.engine.run(planFor(app.origin, short), () => undefined, none).catch((thrown: unknown) => thrown);
    await rm(join(folder, 'cluster'), { recursive: true });
    const { engine, calls } = await fleet(app.origin, { ramp: [{ durationMs: 2000, vus: 1 }], parallelism: 1 });
    const controller = new AbortController();
    const plan = { ...planFor(app.origin), note: () => controller.abort(new Error('enough')) };
    const halt = new AbortController();
    const halted = engine.run(
      { ...planFor(app.origin), halt: halt.signal, note: () => halt.abort(new Error('Too much was spent')) },
      () => undefined,
      none,
    );
    await expect(halted).rejects.toMatchObject({ kind: 'red', code: 'LOAD_STOPPED', message: 'Too much was spent.' });
    // The processes of the stopped one end in the fake cluster some time: the next has a cluster of its own.
    const second = await fleet(app.origin, { ramp: [{ durationMs: 2000, vus: 1 }], parallelism: 1, name: 'second' });
    const interrupted = await second.engine.run(plan, () => undefined, controller.signal).catch((thrown: unknown) => thrown);

    expect(missing).toMatchObject({ code: 'LOAD_RUNNER_LOST', message: expect.stringContaining('pod/jv-load-test-1 did not tell') });
    expect(interrupted).toMatchObject({ message: 'enough' });
    expect((await calls()).at(-1)?.args[0]).toBe('delete');
    expect((await second.calls()).at(-1)?.args[0]).toBe('delete');
  });

  test('without kubectl says what to install', async () => {
    const client = kubectl({ context: undefined, namespace: 'load', environment: { PATH: folder }, secrets: [] });

    await expect(client.run(['get', 'pods'], {})).rejects.toMatchObject({ code: 'KUBECTL_NOT_FOUND', kind: 'missing' });
  });
});

describe('a run in Grafana Cloud', () => {
  async function cloud(ends: string) {
    const path = await fakeProgram(
      join(folder, 'k6'),
      `[ "$1" = version ] && { echo "k6 v1.8.1 (go1.26)"; exit 0; }\necho "$@" > '${folder}/argv'\nenv | sort > '${folder}/env'\ncp script.js '${folder}/script.js'\n${ends}`,
    );
    return k6Cloud({ path, script: '// the script', token: 'canary-token', projectId: '7', timeoutMs: 30_000 });
  }
  const url = 'https://team.grafana.net/a/k6-app/runs/42';

  test.each([
    ['kept', 0, false],
    ['crossed', 99, true],
  ])('tells that the thresholds were %s, and where the figures stand; the token goes by the environment', async (_title, code, crossed) => {
    const notes: string[] = [];
    const service = await cloud(`echo "        output: ${url}"\nexit ${code}`);

    const verdict = await service.run((text) => notes.push(text), none);

    expect(verdict).toEqual({ crossed, resultUrl: url });
    expect(notes).toContain(`runs at ${url}`);
    expect(await readFile(join(folder, 'argv'), 'utf8')).toBe('cloud run --no-color --no-usage-report script.js\n');
    expect(await readFile(join(folder, 'script.js'), 'utf8')).toBe('// the script');
    const seen = (await readFile(join(folder, 'env'), 'utf8')).split('\n').filter((line) => line.startsWith('K6_'));
    expect(seen).toEqual(['K6_CLOUD_PROJECT_ID=7', 'K6_CLOUD_TOKEN=canary-token']);
  });

  test('that fails is no verdict, and its token stands in no error', async () => {
    const service = await cloud('echo \'time="…" level=error msg="(403/E1) canary-token is not allowed"\' >&2\nexit 255');

    const error = await service.run(() => undefined, none).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      kind: 'vendor',
      code: 'LOAD_ENGINE_FAILED',
      message: 'k6 cloud run ended with 255: (403/E1) *** is not allowed.',
    });
  });

  test('that is interrupted is stopped by a SIGINT, at which k6 stops the run in the cloud', async () => {
    const service = await cloud(
      `trap "echo stopped > '${folder}/stopped'; exit 105" INT\necho "        output: ${url}"\nwhile :; do sleep 0.05; done`,
    );
    const controller = new AbortController();

    const error = await service
      .run((text) => text.startsWith('runs at') && controller.abort(new Error('enough')), controller.signal)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ message: 'enough' });
    expect(await readFile(join(folder, 'stopped'), 'utf8')).toBe('stopped\n');
  });
});
