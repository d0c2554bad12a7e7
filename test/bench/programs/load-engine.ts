// Runs a load as a process of its own and prints what it measured and cost: `load-engine.ts embedded|k6|fleet|autocannon ORIGIN VUS SECONDS think|no-think`.
// `fleet` is three k6 processes of a cluster that the stand-in for kubectl plays.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { requestStatistics } from '../../../src/core/statistics.ts';
import { embeddedLoad } from '../../../src/adapters/embedded-load/engine.ts';
import { k6Load } from '../../../src/adapters/k6/engine.ts';
import { kubernetesLoad } from '../../../src/adapters/kubernetes/fleet.ts';
import { kubectl } from '../../../src/adapters/kubernetes/kubectl.ts';
import { loadSettingsForUrl, originalJourney } from '../../../src/core/load/profile.ts';
import { standaloneScript } from '../../../src/core/load/standalone-script.ts';
import type { LoadEngine, LoadPlan } from '../../../src/core/ports/measure.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { findComponent } from '../../support/requires.ts';

const [engineName = '', origin = '', vus = '', seconds = '', thinks = ''] = process.argv.slice(2);
const journey = originalJourney('nobody').map((request) => ({
  ...request,
  as: 'nobody' as const,
  thinkMs: thinks === 'think' ? request.thinkMs : 0,
}));
// All at once and then constant: what is compared is not how a ramp is cut into steps.
const stages = [
  { durationMs: 1, vus: Number(vus) },
  { durationMs: Number(seconds) * 1000, vus: Number(vus) },
];
const target = { origin, resolve: {} };
const plan: LoadPlan = { target, journey, headers: {}, stages, timeoutMs: 15_000 };
const k6 = findComponent('k6') ?? 'k6';
const folder = await mkdtemp(join(tmpdir(), 'jv-bench-load-'));

async function fleet(): Promise<LoadEngine> {
  const program = join(import.meta.dirname, '../../support/kubernetes/fake-kubectl.ts');
  await fakeProgram(join(folder, 'kubectl'), `exec '${process.execPath}' '${program}' "$@"`);
  const environment = { PATH: `${folder}:/usr/bin:/bin`, KUBE_FAKE_DIR: join(folder, 'cluster'), KUBE_FAKE_K6: k6 };
  return kubernetesLoad({
    name: 'jv-bench',
    script: standaloneScript({ target, settings: { ...loadSettingsForUrl('/'), journey }, stages, timeoutMs: 15_000 }),
    parallelism: 3,
    image: 'grafana/k6',
    secrets: {},
    k6Version: '1',
    kubectl: kubectl({ context: undefined, namespace: undefined, environment, secrets: [] }),
  });
}

/** The peer, as far as it is compared: it knows no think times. */
const cannon: Pick<LoadEngine, 'run'> = {
  run: async () => {
    const [health, create] = [
      { method: 'GET', path: '/api/health' } as const,
      { method: 'POST', path: '/api/requests', body: '{"passengers":6}' } as const,
    ];
    const headers = { 'content-type': 'application/json' };
    const sent = await autocannon({
      url: origin,
      connections: Number(vus),
      duration: Number(seconds),
      requests: [health, { ...create, headers }],
    });
    const all = requestStatistics(
      Array.from({ length: sent['2xx'] + sent.non2xx + sent.errors }, (_, index) => ({
        latencyMs: 0,
        error: index < sent['2xx'] ? null : 'other',
      })),
    );
    return {
      engine: 'embedded',
      engineVersion: '',
      durationMs: sent.duration * 1000,
      iterations: 0,
      vusMax: Number(vus),
      all,
      byRequest: {},
      timeline: [],
      generatorCpu: null,
    };
  },
};

async function engine(): Promise<Pick<LoadEngine, 'run'>> {
  if (engineName === 'autocannon') return cannon;
  if (engineName === 'fleet') return fleet();
  return engineName === 'k6' ? k6Load(k6) : embeddedLoad('0.1.0');
}

try {
  const driven = await engine();
  const [cpu, startedMs] = [process.cpuUsage(), performance.now()];
  const { all, durationMs } = await driven.run(plan, () => undefined, new AbortController().signal);
  const { user, system } = process.cpuUsage(cpu);
  const cpuShare = (user + system) / 1000 / (performance.now() - startedMs);
  process.stdout.write(`${JSON.stringify({ all, durationMs, cpuShare, rssBytes: process.resourceUsage().maxRSS * 1024 })}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
