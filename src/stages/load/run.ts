import type { LoadMeasurement, LoadSample, LoadSettings, LoadStage } from '../../core/load/load.ts';
import { formatRate } from '../../core/load/judge.ts';
import { dashboardRows } from '../../core/load/dashboard.ts';
import { loadValve } from '../../core/load/valve.ts';
import type { Recovery } from '../../core/load/degradation.ts';
import type { Watched } from '../../core/load/pressure.ts';
import { requestTimeoutMs } from '../../core/load/profile.ts';
import { formatMs } from '../../core/perf/judge.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Gauge, GaugeSample } from '../../core/ports/gauges.ts';
import type { LoadEngine, LoadPlan, LoadService, ServiceVerdict } from '../../core/ports/measure.ts';
import type { WebClient, WebTarget } from '../../core/ports/web.ts';
import { fillPlaceholders } from '../../core/variables/placeholders.ts';
import type { StepIo } from '../../core/run/step.ts';
import { identityHeaders, sessionOf, type SessionsByUser } from '../isolation/identities.ts';
import { awaitRecovery, type WantedAnswer } from './recovery.ts';
import { startWatch } from './watch.ts';

/** What a run needs. */
export interface RunDeps {
  readonly target: WebTarget;
  readonly settings: LoadSettings;
  readonly stages: readonly LoadStage[];
  readonly engine: LoadEngine;
  /** Returns what is read once a second while the load runs. */
  readonly gauges?: (() => readonly Gauge[]) | undefined;
  /** Returns why the run must be stopped, of what was read so far. */
  readonly spent?: ((samples: readonly GaugeSample[]) => string | undefined) | undefined;
  readonly web: WebClient;
  readonly clock: Clock;
}

/** What was seen beside the load itself. */
interface Beside {
  readonly watched: Watched | undefined;
  readonly recovery: Recovery;
}

/** What a run came to. */
export interface LoadRun extends Beside {
  readonly measurement: LoadMeasurement;
  /** Why the run was stopped before its end. */
  readonly halted: string | undefined;
}

/** Runs the journey by the engine, watched once a second, with the abort valve; then waits for the target to recover. */
export async function runWatched(deps: RunDeps, plan: LoadPlan, before: WantedAnswer, io: StepIo): Promise<LoadRun> {
  const valve = loadValve(deps.settings.thresholds.errorRate);
  const halt = new AbortController();
  let halted: string | undefined;
  const stop = (reason: string | undefined) => {
    halted ??= reason;
    if (halted !== undefined) halt.abort(new Error(halted));
  };
  const samples: LoadSample[] = [];
  let gauges: readonly GaugeSample[] = [];
  const onRead = (read: readonly GaugeSample[]) => {
    gauges = read;
    stop(deps.spent?.(read));
  };
  const { came, ...beside } = await watching(deps, { before, io, onRead }, () => {
    const onSample = (sample: LoadSample) => {
      samples.push(sample);
      io.note(
        describeSample(sample, gauges.at(-1)),
        dashboardRows({ samples, gauges, stages: deps.stages, thresholds: deps.settings.thresholds }),
      );
      stop(valve.take(sample));
    };
    return deps.engine.run({ ...plan, halt: halt.signal, note: io.note }, onSample, io.signal);
  });
  return { measurement: came, halted, ...beside };
}

/** Runs the load at a service that keeps its figures to itself, watched like any other. */
export async function runAtService(
  deps: RunDeps,
  service: LoadService,
  before: WantedAnswer,
  io: StepIo,
): Promise<Beside & { readonly service: ServiceVerdict }> {
  const { came, ...beside } = await watching(deps, { before, io }, () => service.run((text) => io.note(text), io.signal));
  return { service: came, ...beside };
}

async function watching<Result>(
  deps: RunDeps,
  {
    before,
    io,
    onRead,
  }: { readonly before: WantedAnswer; readonly io: StepIo; readonly onRead?: (samples: readonly GaugeSample[]) => void },
  run: () => Promise<Result>,
): Promise<Beside & { readonly came: Result }> {
  const gauges = deps.gauges?.() ?? [];
  const watch = gauges.length === 0 ? undefined : startWatch(gauges, deps.clock, io.signal, onRead);
  try {
    const came = await run();
    io.note(watch === undefined ? 'waiting for the target to recover' : 'waiting for the queues to drain');
    const [recovery, watched] = await Promise.all([awaitRecovery(deps, before, io.signal), watch?.end()]);
    return { came, watched, recovery };
  } finally {
    await watch?.abandon();
    await Promise.allSettled(gauges.map((gauge) => gauge.close()));
  }
}

/** Returns the plan of a run: sessions, bodies and ramp, with nothing left to fill in. */
export function loadPlan({ target, settings, stages, clock }: RunDeps, signedIn: SessionsByUser): LoadPlan {
  const nowMs = clock.nowMs();
  return {
    target,
    journey: settings.journey.map((request) => {
      const user = sessionOf(request.as, signedIn);
      return { ...request, body: fillPlaceholders(request.body, { nowMs, user: user && { id: user.userId, email: user.email } }) };
    }),
    headers: Object.fromEntries(settings.journey.map((request) => [request.id, identityHeaders(request.as, signedIn)])),
    stages,
    timeoutMs: requestTimeoutMs,
  };
}

function describeSample({ second, vus, requests, errors, p95Ms }: LoadSample, gauges: GaugeSample | undefined): string {
  return [
    `${second} s: ${vus} VUs`,
    `${requests}/s`,
    `p95 ${formatMs(p95Ms)}`,
    ...(requests === 0 ? [] : [`${formatRate(errors / requests)} errors`]),
    ...(gauges?.database === undefined ? [] : [`${gauges.database.connections}/${gauges.database.limit} conns`]),
  ].join(', ');
}
