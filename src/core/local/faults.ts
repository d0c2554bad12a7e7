import { StagingError } from '../errors.ts';

/** What a fault of the local cloud does to a request that it meets. */
export type FaultEffect =
  /** Answers this instead; the body is the vendor's own error of that status unless one is given. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterS: number | undefined; readonly body: string | undefined }
  /** After a write, the next reads that match answer 404 (or another status) so many times. */
  | { readonly kind: 'stale'; readonly status: number; readonly answers: number }
  | { readonly kind: PlainEffect };

/** Effects that need no number. `none`: the request is only delayed. */
export type PlainEffect = (typeof plainEffects)[number] | 'none';

const plainEffects = [
  'reset-before',
  'reset-after-commit',
  'hang',
  'drip',
  'redirect-loop',
  'early-ready',
  'quota',
  'expire-token',
] as const;

/** A fault as it is asked for. */
export interface FaultWish {
  /** A vendor, or `all`. */
  readonly service: string;
  /** `POST /v2/files`, `/v2/*`, `*`: an optional method, then a path in which `*` stands for anything. */
  readonly match: string;
  /** The first matching request that is met, from 1. */
  readonly nth: number;
  /** How many requests are met; null until it is cleared. */
  readonly times: number | null;
  readonly delayMs: number;
  readonly effect: FaultEffect;
}

/** A fault of a running local cloud. */
export interface Fault extends FaultWish {
  readonly id: string;
  /** Requests that matched so far. */
  readonly matched: number;
  /** Requests that were met so far. */
  readonly applied: number;
}

/** The flags of `local fault add`, durations in milliseconds and the body read. */
export interface FaultChoice {
  readonly service: string | undefined;
  readonly match: string | undefined;
  readonly nth: number | undefined;
  readonly times: number | undefined;
  readonly status: number | undefined;
  readonly retryAfterS: number | undefined;
  readonly body: string | undefined;
  readonly stale: string | undefined;
  readonly delayMs: number | undefined;
  readonly latencyMs: number | undefined;
  /** Names of the effects whose flag was given. */
  readonly effects: readonly PlainEffect[];
}

/** Effects that last until they are cleared: what they stand for does not mend itself after one request. */
const lasting: ReadonlySet<FaultEffect['kind']> = new Set(['early-ready', 'expire-token']);

/** Returns the fault that the flags ask for. Throws `FAULT_INVALID` (exit 2) for none, or for two that exclude each other. */
export function faultOf(choice: FaultChoice): FaultWish {
  const effects = effectsOf(choice);
  const { latencyMs } = choice;
  if (effects.length > 1) throw invalid(`${effects.map(({ kind }) => kind).join(' and ')} exclude each other.`);
  const effect = effects[0] ?? { kind: 'none' };
  if (effect.kind !== 'status' && choice.retryAfterS !== undefined) throw invalid('--retry-after goes with --status alone.');
  if (latencyMs !== undefined) {
    if (effect.kind !== 'none' || choice.delayMs !== undefined) throw invalid('--latency stands alone: it holds for every request.');
    return { ...matchOf({ ...choice, service: choice.service ?? 'all' }), times: choice.times ?? null, delayMs: latencyMs, effect };
  }
  if (effect.kind === 'none' && choice.delayMs === undefined) throw invalid('Nothing is to happen: no effect was named.');
  const times = choice.times ?? (lasting.has(effect.kind) ? null : 1);
  return { ...matchOf(choice), times, delayMs: choice.delayMs ?? 0, effect };
}

function matchOf({ service, match = '*', nth = 1 }: FaultChoice): Pick<FaultWish, 'service' | 'match' | 'nth'> {
  if (service === undefined) throw invalid('--service is missing.');
  return { service, match, nth };
}

function effectsOf({ status, retryAfterS, body, stale, effects }: FaultChoice): readonly FaultEffect[] {
  const answered = status !== undefined || body !== undefined;
  return [
    ...(answered ? [{ kind: 'status', status: status ?? 200, retryAfterS, body } as const] : []),
    ...(stale === undefined ? [] : [staleEffect(stale)]),
    ...effects.map((kind) => ({ kind })),
  ];
}

function staleEffect(text: string): FaultEffect {
  const [, status, answers] = /^([45]\d\d)x([1-9]\d?)$/.exec(text) ?? [];
  if (status === undefined) throw invalid(`--stale is ${JSON.stringify(text)}, expected a status and a number such as 404x2.`);
  return { kind: 'stale', status: Number(status), answers: Number(answers) };
}

function invalid(message: string): StagingError {
  return new StagingError('usage', 'FAULT_INVALID', message, {
    fix: "Run `jv-staging local fault add --service vercel --match 'POST /v2/files' --status 429`, or see `jv-staging local fault add --help`.",
  });
}

/** Returns the names of the effects among flags that are set. */
export function plainEffectsOf(flags: Readonly<Record<string, unknown>>): readonly PlainEffect[] {
  return plainEffects.filter((name) => flags[name] === true);
}

/** Returns true when the request is one that `match` names. */
export function matchesRequest(match: string, method: string, path: string): boolean {
  const [first = '', second] = match.trim().split(/\s+/);
  const wantedMethod = second === undefined ? '*' : first.toUpperCase();
  const wantedPath = second ?? first;
  if (wantedMethod !== '*' && wantedMethod !== method) return false;
  return globOf(wantedPath).test(path);
}

function globOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** One request that the local cloud answered. Holds no secret: neither query nor headers nor body. */
export interface LedgerLine {
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly service: string;
  /** The project or database that was asked, or null for the vendor's own API. */
  readonly resource: string | null;
  readonly method: string;
  readonly path: string;
  /** Null when the connection ended before an answer. */
  readonly status: number | null;
  readonly ms: number;
  /** Bytes of the request's body. */
  readonly bytesIn: number;
  /** Bytes that were sent, headers included. */
  readonly bytesOut: number;
  /** The faults that this request met. */
  readonly faults: readonly string[];
}

/** What the local cloud counted. */
export interface LedgerReport {
  /** Requests since the start, by service. */
  readonly requests: Readonly<Record<string, number>>;
  /** The newest lines, oldest first. */
  readonly lines: readonly LedgerLine[];
}

/** An endpoint that the local cloud emulates. */
export interface LocalRoute {
  readonly service: string;
  /** The vendor's own API, or what each project or database has. */
  readonly part: string;
  readonly method: string;
  /** Vercel's without version: any is answered. */
  readonly path: string;
}

/** What `local reset` removed, or would remove. */
export interface ResetReport {
  readonly dryRun: boolean;
  readonly removed: readonly string[];
  /** Whether it ran and was started again. */
  readonly wasRunning: boolean;
}
