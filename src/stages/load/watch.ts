import type { Clock } from '../../core/ports/clock.ts';
import type { Gauge, GaugeSample } from '../../core/ports/gauges.ts';
import { depth, type Watched } from '../../core/load/pressure.ts';

/** Between two readings of all gauges (issue 6: "once a second"). */
const everyMs = 1000;

/** So long after the load the queues may need to be where they began; then the workers do not keep up. */
const recoveryLimitMs = 30_000;

/** A watch over the gauges that goes on until it is ended. */
export interface Watch {
  /** Reads on until the queues are where they began, `recoveryLimitMs` at most; returns everything that was seen. */
  end(): Promise<Watched>;
  /** Stops at once; what was seen is not needed any more. */
  abandon(): Promise<void>;
}

/** Starts reading all gauges once a second, beside whatever runs; `onRead` gets all that was read so far. A gauge that cannot be read is not an error: its reason is kept. */
export function startWatch(
  gauges: readonly Gauge[],
  clock: Clock,
  signal: AbortSignal,
  onRead: (samples: readonly GaugeSample[]) => void = () => undefined,
): Watch {
  const startedMs = clock.nowMs();
  const samples: GaugeSample[] = [];
  const over = new AbortController();
  const read = async () => {
    samples.push(await readAll(gauges, Math.round((clock.nowMs() - startedMs) / 1000), signal));
    onRead(samples);
  };
  const reading = (async () => {
    while (!over.signal.aborted && !signal.aborted) {
      await read();
      await clock.sleep(everyMs, AbortSignal.any([signal, over.signal])).catch(() => undefined);
    }
  })();
  const halt = async () => {
    over.abort(new Error('The load is over.'));
    await reading;
  };
  return {
    end: async () => {
      const endedMs = clock.nowMs();
      await halt();
      let recoveryMs: number | null = null;
      while (recoveryMs === null && clock.nowMs() - endedMs < recoveryLimitMs) {
        signal.throwIfAborted();
        await read();
        if (depth(samples.at(-1)) <= depth(samples.at(0))) recoveryMs = clock.nowMs() - endedMs;
        else await clock.sleep(everyMs, signal);
      }
      return { samples, recoveryMs, gauges: gauges.map((gauge) => gauge.name) };
    },
    abandon: halt,
  };
}

/** Reads all gauges at once; one that cannot be read is not an error: its reason is kept. */
export async function readAll(gauges: readonly Gauge[], second: number, signal: AbortSignal): Promise<GaugeSample> {
  const readings = await Promise.all(
    gauges.map((gauge) =>
      gauge.read(signal).catch((error: unknown) => ({ unread: { [gauge.name]: error instanceof Error ? error.message : String(error) } })),
    ),
  );
  return readings.reduce<GaugeSample>(
    (sample, reading) => ({ ...sample, ...reading, unread: { ...sample.unread, ...('unread' in reading ? reading.unread : {}) } }),
    { second, unread: {} },
  );
}
