import type { Row } from './database.ts';
import type { WebTarget } from './web.ts';

/** What a real browser saw of a page. */
export type BrowserOutcome =
  | {
      readonly kind: 'loaded';
      /** Errors in the console, exceptions nobody caught, and resources of the page that did not load; one line each. */
      readonly errors: readonly string[];
    }
  | { readonly kind: 'failure'; readonly message: string };

/** Opens pages in a real browser. Throws `CHROME_…` (kind `missing`) where there is none. */
export interface PageBrowser {
  /** Loads a page in a profile of its own; `headers` and the bypass secret go to the target's origin alone. */
  visit(
    target: WebTarget,
    page: { readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<BrowserOutcome>;
  close(): Promise<void>;
}

/** What came of sending a text to a WebSocket and waiting for it. */
export type EchoOutcome =
  | { readonly kind: 'echo'; readonly afterMs: number }
  | { readonly kind: 'other'; readonly received: string }
  | { readonly kind: 'failure'; readonly stage: 'open' | 'answer'; readonly message: string };

/** Speaks to WebSockets of the address under test; the bypass secret goes to its origin alone. */
export interface EchoSockets {
  echo(
    target: WebTarget,
    message: { readonly path: string; readonly text: string; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<EchoOutcome>;
}

/** Who asks for rows. */
export type RowActor = { readonly role: 'anon' | 'service' } | { readonly role: 'user'; readonly accessToken: string };

/** What the database's REST interface answered: rows (none is no refusal by itself), a refusal for lack of rights, or a failure. */
export type RowOutcome =
  | { readonly kind: 'rows'; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Writes, reads and deletes rows as different roles, through the interface that the app's own pages use. */
export interface CanaryRows {
  insert(actor: RowActor, table: string, row: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<RowOutcome>;
  read(actor: RowActor, table: string, key: Row, signal: AbortSignal): Promise<RowOutcome>;
  remove(actor: RowActor, table: string, key: Row, signal: AbortSignal): Promise<RowOutcome>;
}

/** One way into the Redis database. Throws `REDIS_…` errors. */
export interface CacheDoor {
  /** For people: `TCP`, `REST`. */
  readonly name: string;
  set(key: string, value: string, ttlSeconds: number, signal: AbortSignal): Promise<void>;
  /** `ttlSeconds` is -1 for a key that stays and -2 for one that is not there, as Redis says it. */
  get(key: string, signal: AbortSignal): Promise<{ readonly value: string | null; readonly ttlSeconds: number }>;
  remove(keys: readonly string[], signal: AbortSignal): Promise<void>;
}

/** The keys of a Redis database, looked through without stopping it. */
export interface KeySpace {
  /** Returns how many keys were looked at, how many are not ours, and a few of those by name. Stops at `maxKeys`. */
  foreignKeys(
    isOurs: (key: string) => boolean,
    maxKeys: number,
    signal: AbortSignal,
  ): Promise<{ readonly looked: number; readonly foreign: number; readonly examples: readonly string[] }>;
}

/** Both doors of the Redis database, and its keys. */
export interface CacheProbe {
  readonly doors: readonly CacheDoor[];
  readonly keys: KeySpace;
  close(): Promise<void>;
}

/** An event as Sentry stored it. */
export interface TrackedEvent {
  readonly environment: string | null;
  readonly release: string | null;
}

/** A project at Sentry, and the token that reads it. */
export interface SentryPlace {
  readonly organization: string;
  readonly project: string;
  readonly authToken: string;
}

/** A rule by which Sentry tells people of errors. */
export interface AlertRule {
  readonly name: string;
  /** The environment whose events it looks at; null for those of all. */
  readonly environment: string | null;
  /** How many ways it tells people in. */
  readonly actions: number;
}

/** Reads whom Sentry tells of errors. Throws `SENTRY_…` errors. */
export interface AlertRules {
  /** Returns the active rules of a project. */
  list(place: SentryPlace, signal: AbortSignal): Promise<readonly AlertRule[]>;
}

/** Reads what Sentry stored. Throws `SENTRY_…` errors. */
export interface ErrorEvents {
  /** Returns the event once Sentry has it, or undefined when it did not come within the time. */
  event(place: SentryPlace, eventId: string, timeoutMs: number, signal: AbortSignal): Promise<TrackedEvent | undefined>;
}

/** Reads what the functions of a deployment wrote. Throws `VERCEL_…` errors. */
export interface RuntimeLogs {
  /** Waits for a line that contains the text; says how many lines were read meanwhile. */
  waitFor(
    deploymentId: string,
    text: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly found: boolean; readonly lines: number }>;
}

/** What production said to staging's credentials. */
export type RefusalOutcome =
  | { readonly kind: 'refused'; readonly door: string }
  | { readonly kind: 'accepted'; readonly door: string; readonly message: string }
  | { readonly kind: 'unknown'; readonly door: string; readonly message: string };

/** Shows staging's credentials to production's own doors, read-only. */
export interface ForeignDoors {
  /** Shows the keys of staging's Supabase project to each of production's. */
  databases(signal: AbortSignal): Promise<readonly RefusalOutcome[]>;
  /** Returns the address of one of production's domains. */
  app(domain: string): WebTarget;
}

/** Holds a JSON value against a JSON Schema. */
export interface JsonShapes {
  /** Returns what does not fit, `path: what` each; empty when all does. */
  problems(schema: Readonly<Record<string, unknown>>, value: unknown): readonly string[];
}
