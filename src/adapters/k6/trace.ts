import { z } from 'zod';
import type { LoadMeasurement, LoadSample } from '../../core/load/load.ts';
import type { LoadPlan } from '../../core/ports/measure.ts';
import { gracefulMetric } from './graceful-metric.ts';
import { loadRecorder } from '../load-trace/recorder.ts';

/** Points of k6's JSON output that are read (k6 1.8.1, `internal/output/json/wrapper.go`: the metric's name comes first). */
const point = z.object({
  metric: z.enum(['http_req_duration', 'iterations', 'vus', gracefulMetric]),
  data: z.object({
    time: z.string(),
    value: z.number(),
    tags: z
      .object({
        name: z.string().optional(),
        status: z.string().optional(),
        error_code: z.string().optional(),
        expected_response: z.string().optional(),
      })
      .nullable(),
  }),
});

const wanted = ['http_req_duration', 'iterations', 'vus', gracefulMetric].map((metric) => `{"metric":"${metric}","type":"Point"`);

/** Reads k6's trace as it is written. */
export interface K6Trace {
  /** Takes a line; returns the seconds that are over now. */
  read(line: string): readonly LoadSample[];
  /** Closes the last seconds; returns their samples and what the whole run came to. */
  end(): { readonly samples: readonly LoadSample[]; readonly measured: Omit<LoadMeasurement, 'engine' | 'engineVersion' | 'generatorCpu'> };
}

/** Returns a reader for the trace of a plan's run. Points come up to some hundred milliseconds late, so the last second stays open. */
export function k6Trace(plan: LoadPlan): K6Trace {
  const recorder = loadRecorder(plan.journey);
  const statuses = new Map(plan.journey.map((request) => [request.id, request.status]));
  const vusBySecond = new Map<number, number>();
  let startMs: number | undefined;
  let lastMs = 0;
  let iterations = 0;
  let lastVus = 0;
  const vusAt = (second: number) => {
    lastVus = vusBySecond.get(second) ?? lastVus;
    return lastVus;
  };
  return {
    read: (line) => {
      if (!wanted.some((start) => line.startsWith(start))) return [];
      const { metric, data } = point.parse(JSON.parse(line));
      const atMs = Date.parse(data.time);
      startMs ??= atMs - (metric === 'http_req_duration' ? data.value : 0);
      const endMs = Math.max(0, atMs - startMs);
      if (metric === 'vus') {
        vusBySecond.set(Math.floor(endMs / 1000), data.value);
        return [];
      }
      if (metric === 'iterations') {
        iterations += data.value;
        return [];
      }
      if (metric === gracefulMetric) {
        recorder.graceful(data.tags?.status ?? '');
        return [];
      }
      lastMs = Math.max(lastMs, endMs);
      const id = data.tags?.name ?? '';
      recorder.record({ id, endMs, ...sampleOf(data.value, data.tags ?? {}, statuses.get(id), plan.timeoutMs) });
      return recorder.close(Math.floor(lastMs / 1000) - 1, vusAt);
    },
    end: () => {
      const samples = recorder.close(Math.floor(lastMs / 1000) + 1, vusAt);
      return { samples, measured: { durationMs: lastMs, iterations, vusMax: Math.max(0, ...vusBySecond.values()), ...recorder.result() } };
    },
  };
}

/** Returns the error class of k6's error code (k6 1.8.1, `lib/netext/httpext/error_codes.go`). */
export function k6ErrorClass(code: number): string {
  if (code === 1050 || code === 1211) return 'timeout';
  if (code >= 1210 && code <= 1213) return 'refused';
  if (code >= 1200 && code <= 1220) return 'reset';
  if (code >= 1100 && code < 1200) return 'dns';
  if (code >= 1300 && code < 1400) return 'tls';
  return 'other';
}

function sampleOf(
  valueMs: number,
  tags: { readonly status?: string | undefined; readonly error_code?: string | undefined; readonly expected_response?: string | undefined },
  expected: number | undefined,
  timeoutMs: number,
) {
  const status = tags.status ?? '0';
  // A script of the user's own says itself which answers it expects.
  const isExpected = expected === undefined ? tags.expected_response === 'true' : status === String(expected);
  if (status !== '0') return { latencyMs: valueMs, error: isExpected ? null : status };
  const error = k6ErrorClass(Number(tags.error_code ?? 0));
  return { latencyMs: error === 'timeout' ? timeoutMs : null, error };
}
