import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { mergeRunners, type RunnerSummary, summaryIn } from '../../core/load/fleet.ts';
import type { LoadMeasurement } from '../../core/load/load.ts';
import { type FleetInput, fleetManifests, fleetSecret, type Manifest } from '../../core/load/manifests.ts';
import { gracefulStopMs, rampMs } from '../../core/load/profile.ts';
import type { LoadEngine, LoadPlan } from '../../core/ports/measure.ts';
import { lastLine, printable } from '../../core/printable.ts';
import type { Kubectl } from './kubectl.ts';

/** A fleet of k6 processes on a cluster. */
export interface FleetOptions extends FleetInput {
  readonly kubectl: Kubectl;
  /** The version of k6 in the image. */
  readonly k6Version: string;
  /** Between two looks at the TestRun; default 2 s. */
  readonly everyMs?: number | undefined;
}

/** Images are pulled and pods scheduled before anything runs: so long may that take. */
const startMs = 5 * 60_000;

/** A call that fails this often in a row is no hiccup of the network. */
const patience = 5;

/** Bound on taking the objects away after an interruption. */
const cleanUpMs = 30_000;

/** Lines that are read of each runner: the summary is among the last. */
const tailLines = 200;

const testRun = z.object({ status: z.object({ stage: z.string().optional() }).optional() });

/** As the summary line of the emitted script has it. */
const runnerSummary = z.object({
  durationMs: z.number(),
  metrics: z.record(z.string(), z.record(z.string(), z.number())),
}) satisfies z.ZodType<RunnerSummary>;

/** Returns manifests as YAML documents. */
export function manifestsText(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0 })).join('---\n');
}

/**
 * Returns the load engine that runs the emitted script on a cluster by the k6-operator: creates ConfigMap, Secret and TestRun, waits
 * for its end, adds up what the runners say, and takes everything away again, also after an interruption. Throws
 * `K6_OPERATOR_NOT_FOUND`, `KUBECTL_NOT_FOUND` (kind `missing`), `KUBECTL_REFUSED`, `LOAD_FLEET_FAILED`, `LOAD_RUNNER_LOST` (kind `vendor`),
 * and when it is halted `LOAD_STOPPED` (kind `red`).
 */
export function kubernetesLoad(options: FleetOptions): LoadEngine {
  return {
    name: 'k6',
    run: async (plan, _onSample, signal) => {
      await requireOperator(options.kubectl, signal);
      const secret = fleetSecret(options);
      const objects = [...(secret === undefined ? [] : [secret]), ...fleetManifests(options)];
      // `create`, not `apply`: the name is new, and `apply` would keep a second copy of the Secret in its own annotation.
      try {
        await options.kubectl.run(['create', '-f', '-'], { input: manifestsText(objects), signal });
        await waitForEnd(options, plan, signal);
        const measured = await collect(options, plan, signal);
        await takeAway(options, objects);
        return { engine: 'k6', engineVersion: options.k6Version, ...measured };
      } catch (error) {
        await takeAway(options, objects).catch(() => undefined);
        throw error;
      }
    },
  };
}

async function requireOperator(kubectl: Kubectl, signal: AbortSignal): Promise<void> {
  // What the API server offers may be asked by anybody who is signed in; the definition itself by few.
  const offered = await kubectl.run(['api-resources', '--api-group=k6.io', '-o', 'name'], { signal });
  if (/^testruns\.k6\.io$/m.test(offered)) return;
  throw new StagingError('missing', 'K6_OPERATOR_NOT_FOUND', 'The cluster has no k6-operator: it knows no testruns.k6.io.', {
    fix: 'Run `helm install k6-operator k6-operator --repo https://grafana.github.io/helm-charts`.',
  });
}

async function waitForEnd(options: FleetOptions, plan: LoadPlan, signal: AbortSignal): Promise<void> {
  const stop = plan.halt === undefined ? signal : AbortSignal.any([signal, plan.halt]);
  const deadlineMs = performance.now() + startMs + rampMs(plan.stages) + gracefulStopMs;
  let failures = 0;
  let stage = 'none yet';
  for (;;) {
    try {
      const answer = await options.kubectl.run(['get', `testruns.k6.io/${options.name}`, '-o', 'json'], { signal: stop });
      stage = testRun.parse(JSON.parse(answer)).status?.stage ?? stage;
      failures = 0;
    } catch (error) {
      throwIfStopped(plan, signal);
      failures += 1;
      if (failures >= patience) throw error;
    }
    if (stage === 'finished' || stage === 'stopped') return;
    if (stage === 'error') throw await fleetFailed(options, 'ended in an error', signal);
    if (performance.now() > deadlineMs) throw await fleetFailed(options, `did not end in time (stage: ${stage})`, signal);
    plan.note?.(`${options.parallelism} runners, stage ${printable(stage)}`);
    await sleep(options.everyMs ?? 2000, undefined, { signal: stop }).catch(() => undefined);
    throwIfStopped(plan, signal);
  }
}

/** A fleet that is stopped under way has told nothing yet: why it was stopped is the verdict. */
function throwIfStopped({ halt }: LoadPlan, signal: AbortSignal): void {
  signal.throwIfAborted();
  if (halt?.aborted !== true) return;
  const why = halt.reason instanceof Error ? halt.reason.message : String(halt.reason);
  throw new StagingError('red', 'LOAD_STOPPED', `${why}.`, { fix: 'Send fewer requests: pass fewer `--vus` or a shorter `--duration`.' });
}

/** Adds what the runners say. One that does not say anything would make the others' figures look like all. */
async function collect({ kubectl, name, parallelism }: FleetOptions, plan: LoadPlan, signal: AbortSignal) {
  const listed = await kubectl.run(['get', 'pods', '-l', `app=k6,k6_cr=${name},runner=true`, '-o', 'name'], { signal });
  const pods = listed.split('\n').filter((line) => line !== '');
  const summaries: RunnerSummary[] = [];
  for (const pod of pods) {
    const log = await kubectl.run(['logs', pod, '-c', 'k6', `--tail=${tailLines}`], { signal });
    const summary = summaryIn(log);
    if (summary === undefined) throw runnerLost(`${pod} did not tell what it measured: ${lastLine(log)}`);
    summaries.push(runnerSummary.parse(JSON.parse(summary)));
  }
  if (summaries.length < parallelism) throw runnerLost(`Only ${summaries.length} of ${parallelism} runners are there at the end.`);
  const measured: Omit<LoadMeasurement, 'engine' | 'engineVersion'> = mergeRunners(plan.journey, summaries);
  return measured;
}

async function takeAway({ kubectl, name }: FleetOptions, objects: readonly Manifest[]): Promise<void> {
  const kinds: Readonly<Record<string, string>> = { TestRun: 'testruns.k6.io', ConfigMap: 'configmap', Secret: 'secret' };
  const names = objects.map(({ kind }) => `${kinds[kind] ?? kind}/${name}`);
  await kubectl.run(['delete', ...names, '--ignore-not-found', '--wait=false'], { signal: AbortSignal.timeout(cleanUpMs) });
}

async function fleetFailed({ kubectl, name }: FleetOptions, how: string, signal: AbortSignal): Promise<StagingError> {
  const log = await kubectl
    .run(['logs', '-l', `app=k6,k6_cr=${name}`, '--tail=20', '--ignore-errors'], { signal })
    .catch(() => 'no pod has a log');
  return new StagingError('vendor', 'LOAD_FLEET_FAILED', `TestRun ${name} ${how}: ${lastLine(log)}.`, {
    fix: 'Look at the pods with `kubectl describe pods -l app=k6` while it runs; run `load` on this machine to see that the journey itself works.',
  });
}

function runnerLost(message: string): StagingError {
  return new StagingError('vendor', 'LOAD_RUNNER_LOST', message, {
    fix: 'Give the runners more memory, or spread the load over fewer with `--parallelism`.',
  });
}
