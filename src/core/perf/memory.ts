import type { Finding } from '../verdict.ts';
import { leakOf, needsAnotherRound, roundsOfALeak } from './growth.ts';
import { fewestPoints, type SeriesPoint } from './theil-sen.ts';

/** The soak of the server: how long, and from which slope on it leaks. */
export interface ServerSoakSettings {
  /** Readings a round; a round more follows while memory grows, three at most. */
  readonly samples: number;
  /** Requests between two readings. */
  readonly requests: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** A slower growth of the heap, in bytes a request, is no leak. */
  readonly heapBytesPerRequest: number;
  /** A slower growth of the resident set, in bytes a request, is no leak. */
  readonly rssBytesPerRequest: number;
}

/** What a cycle of the page's journey does, one after the other. */
export type JourneyStep = { readonly open: string } | { readonly click: string };

/** The soak of a page in a browser. */
export interface BrowserSoakSettings {
  /** Id of the page that the journey begins on; the first one when undefined. */
  readonly page?: string | undefined;
  /** What each cycle does; loading the page again when empty. */
  readonly journey: readonly JourneyStep[];
  /** Cycles a round; a round more follows while memory grows, three at most. */
  readonly cycles: number;
  /** A slower growth a cycle is no leak. */
  readonly heapBytesPerCycle: number;
  readonly nodesPerCycle: number;
  readonly listenersPerCycle: number;
}

/** Memory of the server as its health answer said it after so many requests. */
export interface ServerMemorySample {
  /** Requests answered since the soak began. */
  readonly requests: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** True when the server collected its garbage before it looked. */
  readonly collected: boolean;
  /** Which process answered, when it says so: several may serve one address. */
  readonly process: string | null;
}

/** Memory of a page after a cycle, after its garbage was collected through DevTools. */
export interface BrowserMemorySample {
  readonly cycle: number;
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** What was measured of the server: rounds of samples, or why there are none. */
export interface ServerMemoryEvidence {
  readonly rounds: readonly (readonly ServerMemorySample[])[];
  readonly unread?: string | undefined;
}

/** What was measured of a page. */
export interface BrowserMemoryEvidence {
  /** Path of the page that the journey begins on. */
  readonly path: string;
  readonly rounds: readonly (readonly BrowserMemorySample[])[];
}

/** One figure that may grow: its name, its value in a sample, and the slope that is no leak yet. */
interface Figure<Sample> {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly minimum: number;
  readonly shown: (value: number) => string;
  readonly of: (sample: Sample) => number;
}

/** Returns the findings over the server's memory; one that could not be read, or was read of too many processes, is inconclusive. */
export function judgeServerMemory(evidence: ServerMemoryEvidence, settings: ServerSoakSettings): readonly Finding[] {
  const rounds = evidence.rounds.map(oneProcess);
  return serverFigures(settings).map((figure) => {
    if (evidence.unread !== undefined) return unreadFinding(figure, evidence.unread);
    return figureFinding(figure, rounds.map(pointsOf(figure, ({ requests }) => requests)), collectsFirst(evidence));
  });
}

/** Returns the findings over a page's memory. */
export function judgeBrowserMemory({ path, rounds }: BrowserMemoryEvidence, settings: BrowserSoakSettings): readonly Finding[] {
  return browserFigures(path, settings).map((figure) => figureFinding(figure, rounds.map(pointsOf(figure, ({ cycle }) => cycle)), true));
}

/** Returns whether the server must be soaked for another round before it can be judged. */
export function serverNeedsMore({ rounds }: ServerMemoryEvidence, settings: ServerSoakSettings): boolean {
  return serverFigures(settings).some((figure) =>
    needsAnotherRound(
      rounds.map((round) => pointsOf(figure, ({ requests }: ServerMemorySample) => requests)(oneProcess(round))),
      figure.minimum,
    ),
  );
}

/** Returns whether the page must be soaked for another round before it can be judged. */
export function browserNeedsMore({ path, rounds }: BrowserMemoryEvidence, settings: BrowserSoakSettings): boolean {
  return browserFigures(path, settings).some((figure) =>
    needsAnotherRound(rounds.map(pointsOf(figure, ({ cycle }) => cycle)), figure.minimum),
  );
}

function serverFigures(settings: ServerSoakSettings): readonly Figure<ServerMemorySample>[] {
  const shared = { unit: 'request', shown: formatBytesShort };
  return [
    {
      ...shared,
      id: 'server-heap',
      title: 'Heap of the server over a soak',
      minimum: settings.heapBytesPerRequest,
      of: ({ heapUsedBytes }) => heapUsedBytes,
    },
    {
      ...shared,
      id: 'server-rss',
      title: 'Resident memory of the server over a soak',
      minimum: settings.rssBytesPerRequest,
      of: ({ rssBytes }) => rssBytes,
    },
  ];
}

function browserFigures(path: string, settings: BrowserSoakSettings): readonly Figure<BrowserMemorySample>[] {
  const count = (value: number) => String(Number(value.toFixed(2)));
  const where = `of ${path} over its journey`;
  return [
    {
      id: 'browser-heap',
      title: `Heap ${where}`,
      unit: 'cycle',
      minimum: settings.heapBytesPerCycle,
      shown: formatBytesShort,
      of: ({ heapBytes }) => heapBytes,
    },
    {
      id: 'browser-nodes',
      title: `DOM nodes ${where}`,
      unit: 'cycle',
      minimum: settings.nodesPerCycle,
      shown: count,
      of: ({ nodes }) => nodes,
    },
    {
      id: 'browser-listeners',
      title: `Event listeners ${where}`,
      unit: 'cycle',
      minimum: settings.listenersPerCycle,
      shown: count,
      of: ({ listeners }) => listeners,
    },
  ];
}

function pointsOf<Sample>(figure: Figure<Sample>, place: (sample: Sample) => number) {
  return (samples: readonly Sample[]): readonly SeriesPoint[] => samples.map((sample) => ({ x: place(sample), y: figure.of(sample) }));
}

function figureFinding<Sample>(figure: Figure<Sample>, rounds: readonly (readonly SeriesPoint[])[], isCollected: boolean): Finding {
  const { growth, leaks } = leakOf(rounds, figure.minimum);
  const finding = {
    id: figure.id,
    title: figure.title,
    expected: `no growth above ${figure.shown(figure.minimum)} a ${figure.unit}`,
  };
  if (growth.kind === 'too-short') {
    return {
      ...unreadFinding(figure, `Fewer than ${fewestPoints} readings of one process are too few for a slope.`),
      seen: `${rounds.at(-1)?.length ?? 0} readings`,
    };
  }
  const { perUnit, low, high } = growth.slope;
  const seen = `${figure.shown(perUnit)} a ${figure.unit} (99.9 %: ${figure.shown(low)} to ${figure.shown(high)})${isCollected ? '' : '; garbage was not collected before'}`;
  if (!leaks) return { ...finding, verdict: 'green', seen };
  if (!isCollected) {
    return {
      ...finding,
      verdict: 'inconclusive',
      seen,
      message: 'It grew, and may be garbage: the server collected none before it answered.',
      fix: 'Let the health route collect on `?gc=1` for the bearer of CRON_SECRET and say `collected: true` in `memory`, or set `perf.memory.server: false`.',
    };
  }
  return {
    ...finding,
    verdict: 'red',
    seen,
    message: `It grew in ${roundsOfALeak} rounds one after the other, after garbage collection: a leak.`,
    fix: 'Compare two heap snapshots, of before and after many requests, and look for what keeps being referred to.',
  };
}

function unreadFinding<Sample>(figure: Figure<Sample>, why: string): Finding {
  return {
    id: figure.id,
    title: figure.title,
    verdict: 'inconclusive',
    seen: 'not measured',
    expected: `no growth above ${figure.shown(figure.minimum)} a ${figure.unit}`,
    message: why,
    fix: 'Return `process.memoryUsage()` as `memory: {rssBytes, heapUsedBytes}` in the health answer, or set `perf.memory.server: false`.',
  };
}

/** Returns the samples of the process that answered most often: the memory of two cannot be one series. */
function oneProcess(samples: readonly ServerMemorySample[]): readonly ServerMemorySample[] {
  const counts = new Map<string | null, number>();
  for (const { process } of samples) counts.set(process, (counts.get(process) ?? 0) + 1);
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  return samples.filter(({ process }) => process === most?.[0]);
}

function collectsFirst({ rounds }: ServerMemoryEvidence): boolean {
  return rounds.flat().every(({ collected }) => collected);
}

/** Returns bytes for people in powers of 1000, with their sign: `-1.2 kB`, `340 B`, `5.1 MB`. */
export function formatBytesShort(bytes: number): string {
  const size = Math.abs(bytes);
  const sign = bytes < 0 ? '-' : '';
  if (size < 1000) return `${sign}${Math.round(size)} B`;
  return size < 1_000_000 ? `${sign}${(size / 1000).toFixed(1)} kB` : `${sign}${(size / 1_000_000).toFixed(1)} MB`;
}
