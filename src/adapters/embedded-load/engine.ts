import { setTimeout as sleep } from 'node:timers/promises';
import { gracefulStopMs, highestVus, rampMs, type VusStep, vusSteps } from '../../core/load/profile.ts';
import { type SentRequest, sentRequests } from '../../core/load/request.ts';
import type { LoadMeasurement, LoadSample } from '../../core/load/load.ts';
import type { LoadEngine, LoadPlan } from '../../core/ports/measure.ts';
import type { LoadRecorder } from '../load-trace/recorder.ts';
import { generatorMeter } from './meter.ts';
import { type LoadSender, loadSender } from './sender.ts';

/** The run while it lasts. */
interface Running {
  readonly sender: LoadSender;
  readonly recorder: LoadRecorder;
  readonly journey: readonly SentRequest[];
  /** Milliseconds since the run's start. */
  readonly elapsedMs: () => number;
  /** Aborted when the user interrupts, the run is halted or the graceful stop is over: nothing is sent or recorded any more. */
  readonly stop: AbortSignal;
  /** The same as a plain value: a signal made of several looks at each of them whenever it is asked. */
  isStopped: boolean;
  planned: number;
  active: number;
  vusMax: number;
  iterations: number;
}

/** Returns the load engine that runs in this process: the same plan as k6's ramping-vus, over undici, for machines without k6. */
export function embeddedLoad(version: string): LoadEngine {
  return { name: 'embedded', run: (plan, onSample, signal) => runPlan(version, plan, onSample, signal) };
}

async function runPlan(
  version: string,
  plan: LoadPlan,
  onSample: (sample: LoadSample) => void,
  signal: AbortSignal,
): Promise<LoadMeasurement> {
  signal.throwIfAborted();
  const { loadRecorder } = await import('../load-trace/recorder.ts');
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal, ...(plan.halt === undefined ? [] : [plan.halt])]);
  const startedMs = performance.now();
  const running: Running = {
    sender: loadSender(plan.target, Math.max(1, highestVus(plan.stages)), plan.timeoutMs),
    recorder: loadRecorder(plan.journey),
    journey: sentRequests(plan),
    elapsedMs: () => performance.now() - startedMs,
    stop,
    isStopped: stop.aborted,
    planned: 0,
    active: 0,
    vusMax: 0,
    iterations: 0,
  };
  stop.addEventListener('abort', () => (running.isStopped = true), { once: true });
  const meter = generatorMeter();
  const drawing = setInterval(() => {
    meter.sample();
    for (const sample of running.recorder.close(Math.floor(running.elapsedMs() / 1000), () => running.active)) onSample(sample);
  }, 1000);
  try {
    const vus = await runSteps(running, vusSteps(plan.stages), rampMs(plan.stages));
    await Promise.race([Promise.all(vus), quietSleep(gracefulStopMs, stop)]);
    const durationMs = running.elapsedMs();
    signal.throwIfAborted();
    meter.sample();
    for (const sample of running.recorder.close(Math.floor(durationMs / 1000) + 1, () => running.active)) onSample(sample);
    return { ...summary(running, version, durationMs), ...meter.result() };
  } finally {
    clearInterval(drawing);
    meter.stop();
    ended.abort();
    await running.sender.close();
  }
}

function summary(running: Running, version: string, durationMs: number) {
  const { iterations, vusMax } = running;
  return { engine: 'embedded' as const, engineVersion: version, durationMs, iterations, vusMax, ...running.recorder.result() };
}

/** Starts virtual users as their step comes; returns their promises at the end of the ramp. */
async function runSteps(running: Running, steps: readonly VusStep[], totalMs: number): Promise<readonly Promise<void>[]> {
  const users = new Map<number, Promise<void>>();
  for (const step of steps) {
    await quietSleep(step.atMs - running.elapsedMs(), running.stop);
    if (running.stop.aborted) break;
    running.planned = step.vus;
    for (let index = 0; index < step.vus; index += 1) {
      if (!users.has(index))
        users.set(
          index,
          virtualUser(running, index).finally(() => users.delete(index)),
        );
    }
    running.vusMax = Math.max(running.vusMax, running.active);
  }
  await quietSleep(totalMs - running.elapsedMs(), running.stop);
  return [...users.values()];
}

/** Runs the journey again and again until the ramp no longer has room for this user; an iteration begun is finished. */
async function virtualUser(running: Running, index: number): Promise<void> {
  running.active += 1;
  const user = running.sender.user();
  try {
    while (index < running.planned && !running.isStopped) {
      for (const request of running.journey) {
        const sample = await user.send(request);
        if (running.isStopped) return;
        running.recorder.record({ id: request.id, endMs: running.elapsedMs(), ...sample });
        if (request.thinkMs > 0) await quietSleep(request.thinkMs, running.stop);
      }
      if (!running.isStopped) running.iterations += 1;
    }
  } finally {
    running.active -= 1;
  }
}

/** Sleeps; returns at once when stopped. */
async function quietSleep(ms: number, stop: AbortSignal): Promise<void> {
  if (ms <= 0 || stop.aborted) return;
  await sleep(ms, undefined, { signal: stop }).catch((error: unknown) => {
    if (!stop.aborted) throw error;
  });
}
