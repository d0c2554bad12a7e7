import type { SmokeCheck } from './smoke.ts';
import type { Finding, StageResult, Verdict } from '../verdict.ts';

/** The share of the time that the app must be there (requirement "Staging environment uptime: 99 %"). */
export const wantedAvailability = 0.99;

/**
 * With fewer looks than this a single one stands for more than 1 % of the time, so 99 % cannot be told from less. Ten minutes at the
 * default interval give 120.
 */
export const fewestSamples = 100;

/** A watch that says nothing of more than this share of its time is no measurement: the machine slept, or the looks came too late. */
const mostUnwatched = 1 - wantedAvailability;

/** Outages and checks that a line of text names; the others stand in the details. */
const namedOutages = 3;

/** One look at the app. */
export interface WatchSample {
  /** When it began, ISO 8601 UTC. */
  readonly at: string;
  readonly durationMs: number;
  /** Ids of the checks that were not green, with what was said of each; empty when the app was there. */
  readonly down: readonly { readonly id: string; readonly message: string }[];
}

/** What a watch is about; the first line of its history. */
export interface WatchHead {
  readonly environment: string;
  readonly target: 'cloud' | 'local';
  readonly origin: string;
  /** Release, commit and deployment that were expected to answer; null when they are not known. */
  readonly releaseId: string | null;
  readonly gitSha: string | null;
  readonly deploymentId: string | null;
  /** How long it was meant to last, and the time between two looks. */
  readonly forMs: number;
  readonly everyMs: number;
  readonly checks: readonly { readonly id: string; readonly title: string }[];
}

/** A time during which the app was not there: from the first look that found it so to the next that did not. */
export interface Outage {
  /** ISO 8601 UTC. */
  readonly from: string;
  readonly durationMs: number;
  readonly samples: number;
  /** Ids of the checks that were not green. */
  readonly checks: readonly string[];
  /** What was said first. */
  readonly message: string;
}

/** What a watch keeps beside its findings. */
export interface WatchDetails extends WatchHead {
  readonly samples: number;
  /** Share of the watched time, 0 to 1; null before the first look. */
  readonly availability: number | null;
  readonly watchedMs: number;
  /** Time between looks that were too far apart to say anything. */
  readonly unwatchedMs: number;
  readonly outages: readonly Outage[];
}

/**
 * Returns the checks that are repeated unless others are named: those that sign nobody in and change nothing, so that hours of
 * watching neither fill tables nor meet a limit on sign-ins. Without a second try and without a browser.
 */
export function watchedChecks(checks: readonly SmokeCheck[]): readonly SmokeCheck[] {
  return checks.filter(isHarmless).map((check) => {
    const { retry: _retry, needs: _needs, ...once } = check;
    return once.kind === 'page' ? { ...once, browser: false } : once;
  });
}

function isHarmless(check: SmokeCheck): boolean {
  switch (check.kind) {
    case 'health':
    case 'headers':
    case 'negative':
    case 'websocket':
      return true;
    case 'page':
      return check.as === 'nobody';
    case 'api':
      return check.as === 'nobody' && check.method === 'GET';
    case 'auth':
    case 'database':
    case 'logs':
    case 'queue':
    case 'realtime':
    case 'redis':
    case 'refusal':
    case 'sentry':
      return false;
  }
}

/**
 * Returns what a watch came to. What a look saw holds until the next one begins, at most for two intervals. Below 99 % is red, as soon
 * as no number of good looks up to `fewestSamples` could mend it; fewer looks are inconclusive, as is a watch with gaps above 1 %.
 */
export function judgeWatch(head: WatchHead, samples: readonly WatchSample[]): StageResult<WatchDetails> {
  const held = samples.map((sample, at) => ({ sample, ms: heldMs(head, sample, samples[at + 1]) }));
  const watchedMs = held.reduce((sum, { ms }) => sum + ms, 0);
  const [first] = samples;
  const last = samples.at(-1);
  const wholeMs = first === undefined || last === undefined ? 0 : startOf(last) - startOf(first) + heldMs(head, last, undefined);
  const unwatchedMs = Math.max(0, wholeMs - watchedMs);
  const share = (isDown: (sample: WatchSample) => boolean): number | null =>
    watchedMs === 0 ? null : 1 - held.reduce((sum, { sample, ms }) => sum + (isDown(sample) ? ms : 0), 0) / watchedMs;
  const availability = share(({ down }) => down.length > 0);
  const outages = outagesOf(held);
  const { verdict, message, fix } = verdictOf({ availability, samples, wholeMs, unwatchedMs });
  const whole: Finding = {
    id: 'availability',
    title: 'Availability',
    verdict,
    seen: `${shareText(availability)} of ${spanText(watchedMs)}, ${samples.length} looks${outagesText(outages)}`,
    expected: `at least ${shareText(wantedAvailability)}, at least ${fewestSamples} looks`,
    ...(verdict === 'green' ? {} : { message, fix }),
  };
  const checks = head.checks.map(({ id, title }) => checkFinding({ id, title }, { verdict, samples, share }));
  return {
    stage: 'watch',
    verdict,
    summary: whole.seen,
    findings: [whole, ...checks],
    startedAt: first?.at ?? new Date(0).toISOString(),
    durationMs: wholeMs,
    details: { ...head, samples: samples.length, availability, watchedMs, unwatchedMs, outages },
  };
}

/** Returns a line for whoever watches: `99.2 % of 34 looks, down since 12:00:05`. */
export function watchLine(head: WatchHead, samples: readonly WatchSample[], leftMs: number): string {
  const { details } = judgeWatch(head, samples);
  const last = samples.at(-1);
  const now = last === undefined || last.down.length === 0 ? 'up' : `down: ${last.down.map(({ id }) => id).join(', ')}`;
  return `${now} · ${shareText(details.availability)} of ${samples.length} looks · ${details.outages.length} outages · ${spanText(leftMs)} left`;
}

function heldMs({ everyMs }: WatchHead, sample: WatchSample, next: WatchSample | undefined): number {
  const own = Math.max(everyMs, sample.durationMs);
  return next === undefined ? own : Math.max(0, Math.min(startOf(next) - startOf(sample), own + everyMs));
}

interface Held {
  readonly sample: WatchSample;
  readonly ms: number;
}

function outagesOf(held: readonly Held[]): readonly Outage[] {
  const outages: Outage[] = [];
  let open: Outage | undefined;
  for (const { sample, ms } of held) {
    const [first] = sample.down;
    if (first === undefined) {
      open = undefined;
      continue;
    }
    if (open !== undefined) outages.pop();
    const ids = sample.down.map(({ id }) => id);
    open =
      open === undefined
        ? { from: sample.at, durationMs: ms, samples: 1, checks: ids, message: first.message }
        : {
            ...open,
            durationMs: open.durationMs + ms,
            samples: open.samples + 1,
            checks: [...new Set([...open.checks, ...ids])],
          };
    outages.push(open);
  }
  return outages;
}

interface Watched {
  readonly availability: number | null;
  readonly samples: readonly WatchSample[];
  readonly wholeMs: number;
  readonly unwatchedMs: number;
}

function verdictOf({ availability, samples, wholeMs, unwatchedMs }: Watched): {
  readonly verdict: Verdict;
  readonly message?: string;
  readonly fix?: string;
} {
  const down = samples.filter((sample) => sample.down.length > 0);
  const isDecided = samples.length >= fewestSamples || down.length > fewestSamples * (1 - wantedAvailability);
  if (availability !== null && availability < wantedAvailability && isDecided) {
    const [first] = down.flatMap((sample) => sample.down);
    return {
      verdict: 'red',
      message: `The app was there for ${shareText(availability)} of the time, expected ${shareText(wantedAvailability)}. First: ${first?.message ?? ''}`,
      fix: 'Run `jv-staging smoke`, and read the log of the app at the times of the outages.',
    };
  }
  if (samples.length < fewestSamples) {
    return {
      verdict: 'inconclusive',
      message: `${samples.length} looks cannot tell ${shareText(wantedAvailability)} from less: at least ${fewestSamples} are needed.`,
      fix: 'Run `jv-staging smoke --watch --for 10m`, and let it end.',
    };
  }
  if (unwatchedMs > wholeMs * mostUnwatched) {
    return {
      verdict: 'inconclusive',
      message: `Nobody looked for ${spanText(unwatchedMs)} of ${spanText(wholeMs)}: the machine slept or was too busy.`,
      fix: 'Run `jv-staging smoke --watch --for 10m` on a machine that stays awake.',
    };
  }
  return { verdict: 'green' };
}

interface OfWatch {
  readonly verdict: Verdict;
  readonly samples: readonly WatchSample[];
  readonly share: (isDown: (sample: WatchSample) => boolean) => number | null;
}

function checkFinding({ id, title }: WatchHead['checks'][number], { verdict, samples, share }: OfWatch): Finding {
  const said = samples.flatMap(({ down }) => down.filter((one) => one.id === id));
  const own = share(({ down }) => down.some((one) => one.id === id));
  const [first] = said;
  return {
    id,
    title,
    // What was there is named as such, even where the whole watch is too short.
    verdict: own !== null && own >= wantedAvailability ? 'green' : verdict,
    seen: `green in ${samples.length - said.length} of ${samples.length} looks`,
    expected: `green for ${shareText(wantedAvailability)} of the time`,
    ...(first === undefined ? {} : { message: first.message }),
  };
}

function outagesText(outages: readonly Outage[]): string {
  if (outages.length === 0) return ', no outage';
  const named = outages.slice(0, namedOutages).map(({ from, durationMs }) => `${from.slice(11, 19)} UTC for ${spanText(durationMs)}`);
  const more = outages.length > namedOutages ? [`and ${outages.length - namedOutages} more`] : [];
  return `, ${outages.length === 1 ? '1 outage' : `${outages.length} outages`}: ${[...named, ...more].join(', ')}`;
}

/** Rounded down: 98.999 % is not 99 %. */
function shareText(share: number | null): string {
  return share === null ? 'nothing' : `${Math.floor(Number((share * 10_000).toFixed(6))) / 100} %`;
}

function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 60_000) return ms < 10_000 && ms % 1000 !== 0 ? `${(ms / 1000).toFixed(1)} s` : `${seconds} s`;
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}

function startOf({ at }: WatchSample): number {
  return Date.parse(at);
}
