import type { LoadMeasurement } from '../../core/load/load.ts';
import { percentile } from '../../core/statistics.ts';
import { busiestWindow } from '../load-trace/busiest.ts';

/** How often the meter wants to be called; how late it is tells how late the whole engine is. */
const tickMs = 100;

/** Watches what a load run costs this process. */
export interface GeneratorMeter {
  /** Takes the CPU time since the last sample; called once a second. */
  sample(): void;
  result(): Pick<LoadMeasurement, 'generatorCpu' | 'generatorCores' | 'generatorLateMs'>;
  stop(): void;
}

/** Returns a running meter of this process: CPU share, and how late timers come. One core: JavaScript runs on one thread. */
export function generatorMeter(): GeneratorMeter {
  const shares: number[] = [];
  const lateMs: number[] = [];
  let cpu = process.cpuUsage();
  let sampledMs = performance.now();
  let tickedMs = sampledMs;
  const ticking = setInterval(() => {
    const nowMs = performance.now();
    lateMs.push(Math.max(0, nowMs - tickedMs - tickMs));
    tickedMs = nowMs;
  }, tickMs);
  return {
    sample: () => {
      const nowMs = performance.now();
      const used = process.cpuUsage(cpu);
      // A fraction of a second at the end says little: it is left to the samples before it.
      if (nowMs - sampledMs >= 500) shares.push((used.user + used.system) / 1000 / (nowMs - sampledMs));
      cpu = process.cpuUsage();
      sampledMs = nowMs;
    },
    result: () => ({
      generatorCpu: busiestWindow(shares),
      generatorCores: 1,
      generatorLateMs:
        lateMs.length === 0
          ? null
          : percentile(
              lateMs.toSorted((a, b) => a - b),
              95,
            ),
    }),
    stop: () => clearInterval(ticking),
  };
}
