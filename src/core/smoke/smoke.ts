import type { EnvReference } from '../settings.ts';

/** Who signs users in: the app's own sign-in route (over Supabase Auth), or Clerk (a session of its Backend API). */
export type SignInProvider = 'app' | 'clerk';

/** How a page or an API is asked, by smoke, perf and load: as nobody, or as a user whom this provider signs in (the app itself, unless it is named). */
export type CheckCaller = 'nobody' | { readonly user: string; readonly provider?: SignInProvider | undefined };

/** Fields that every smoke check has. */
interface CheckBase {
  /** Unique, kebab-case; `--only` names it. */
  readonly id: string;
  readonly title: string;
  /** Bound on the whole check. */
  readonly timeoutMs: number;
  /** Ids of checks that must be green first; otherwise this one is not run, and not green. */
  readonly needs?: readonly string[] | undefined;
  /** True: a red check is run once more; green then, it is reported as flaky. */
  readonly retry?: boolean | undefined;
}

/** A page: status, a marker that only the right page shows, optionally the signed-in user's own address on it. */
export interface PageCheck extends CheckBase {
  readonly kind: 'page';
  readonly path: string;
  readonly as: CheckCaller;
  readonly status: number;
  /** Text that the body must contain; empty when no marker of the page is known. */
  readonly marker: string;
  /** True: the page is also opened in a real browser, whose console must stay without an error. */
  readonly browser?: boolean | undefined;
}

/** A sign-in from end to end: nobody is let in without a session, a seeded user signs in, and the protected page shows that user. */
export interface AuthCheck extends CheckBase {
  readonly kind: 'auth';
  /** A page that only signed-in users see. */
  readonly path: string;
  readonly as: { readonly user: string };
  readonly provider: SignInProvider;
}

/** The health contract: environment, database, redis, Sentry tag, and the commit that answers. */
export interface HealthCheck extends CheckBase {
  readonly kind: 'health';
  readonly path: string;
}

/** An API request: exact status, optionally top-level JSON fields that must have these values or types. */
export interface ApiCheck extends CheckBase {
  readonly kind: 'api';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly as: CheckCaller;
  /** Sent as JSON, placeholders filled in (see `fillPlaceholders`). */
  readonly body?: unknown;
  readonly status: number;
  /** Dotted paths that the JSON answer must have, each with the type expected there. */
  readonly fields: Readonly<Record<string, 'string' | 'number' | 'boolean' | 'array' | 'object'>>;
  /** Path to a list that must not be empty, or undefined. */
  readonly notEmpty?: string | undefined;
  /** JSON Schema that the answer must fit, as zod reads it. */
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
  /** The answer must be complete within this time. */
  readonly maxMs?: number | undefined;
  /**
   * How what the request created is removed again: the dotted path of its id in the answer, and the path that a DELETE takes
   * with `{id}` in it, sent as the same user.
   */
  readonly remove?: { readonly id: string; readonly path: string } | undefined;
}

/** Subscribes to a table as a seeded user, inserts a row, and waits for its event; the row is removed afterwards. */
export interface RealtimeCheck extends CheckBase {
  readonly kind: 'realtime';
  readonly table: string;
  readonly as: { readonly user: string };
  /** The row to insert, placeholders filled in (see `fillPlaceholders`). */
  readonly row: Readonly<Record<string, unknown>>;
}

/** Puts a probe job on a queue and waits until the app under test has processed it. */
export interface QueueCheck extends CheckBase {
  readonly kind: 'queue';
  readonly queue: string;
  /** Path of the app's endpoint that drains the queue, called after enqueuing. */
  readonly worker: string;
  /** More failed jobs than this on the queue are red; undefined: not looked at. */
  readonly maxFailed?: number | undefined;
  /** More active jobs without a worker than this are red; undefined: not looked at. */
  readonly maxStalled?: number | undefined;
}

/**
 * A canary row in a table, written, read and deleted as each of the three roles as far as they may: the service role and the signed-in
 * user do, anon does not, and a stranger sees nothing of the user's row. No table may be without row level security.
 */
export interface DatabaseCheck extends CheckBase {
  readonly kind: 'database';
  readonly table: string;
  readonly as: { readonly user: string };
  /** Another seeded user, who must neither see nor delete the row; undefined: not tried. */
  readonly stranger?: { readonly user: string } | undefined;
  /** The canary, placeholders filled in (see `fillPlaceholders`); `{user.id}` is the id of `as`. */
  readonly row: Readonly<Record<string, unknown>>;
  /** Column that a row is found again by. */
  readonly key: string;
  /** What anon may do with the table. */
  readonly anon: 'nothing' | 'read';
}

/** Redis over TCP and over REST: a key written through each door is read through both, with its time to live; no key is outside the prefix. */
export interface RedisCheck extends CheckBase {
  readonly kind: 'redis';
  /** Key prefixes beside the environment's own that are no strangers. */
  readonly otherPrefixes: readonly string[];
}

/** A WebSocket that sends back what it gets. */
export interface WebSocketCheck extends CheckBase {
  readonly kind: 'websocket';
  readonly path: string;
}

/** A test event that the app sends to Sentry, read back there: tagged with this environment and the release that answers. */
export interface SentryCheck extends CheckBase {
  readonly kind: 'sentry';
  /** The app's endpoint that sends a test event and answers `{eventId}`; called by POST with the worker's secret. */
  readonly trigger: string;
  readonly organization: string;
  readonly project: string;
  /** Reads events (scope `event:read`). */
  readonly authToken: EnvReference;
}

/** A request of this run that must show in the runtime logs of the deployment that answers, by the mark in its query. */
export interface LogsCheck extends CheckBase {
  readonly kind: 'logs';
  readonly path: string;
}

/** Production must refuse staging's credentials: its Supabase projects the keys, and optionally its app the session of a seeded user. */
export interface RefusalCheck extends CheckBase {
  readonly kind: 'refusal';
  /** A protected path of production's app, and whose session of staging it must refuse; undefined: not tried. */
  readonly app?: { readonly domain: string; readonly path: string; readonly as: { readonly user: string } } | undefined;
}

/** A request whose answer must carry these headers (values are matched as case-insensitive substrings). */
export interface HeadersCheck extends CheckBase {
  readonly kind: 'headers';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Wanted over https alone, such as HSTS (RFC 6797 section 7.2). */
  readonly tlsHeaders?: Readonly<Record<string, string>> | undefined;
}

/** Text that must not appear in the HTML of a page and the scripts that it loads. */
export interface NegativeCheck extends CheckBase {
  readonly kind: 'negative';
  readonly path: string;
  /** Substrings that must not appear; the production identities of the configuration are always among them. */
  readonly absent: readonly string[];
}

/** One smoke check, as data in the configuration. */
export type SmokeCheck =
  | PageCheck
  | HealthCheck
  | AuthCheck
  | ApiCheck
  | DatabaseCheck
  | RedisCheck
  | RealtimeCheck
  | QueueCheck
  | WebSocketCheck
  | SentryCheck
  | LogsCheck
  | HeadersCheck
  | NegativeCheck
  | RefusalCheck;

/** Everything that a smoke run is configured by. */
export interface SmokeSettings {
  readonly checks: readonly SmokeCheck[];
  /** Fewer executed checks than this are red. */
  readonly minimum: number;
  /** Present: every route of the build output must be visited by a check, or have a waiver here. */
  readonly routes?: { readonly waivers: readonly RouteWaiver[] } | undefined;
}

/** A route that no check visits, and why that is so. */
export interface RouteWaiver {
  readonly route: string;
  readonly reason: string;
}

/** Who must answer: an address that does not prove this is never green. */
export interface SmokeExpectation {
  /** Value of `environment` in the health contract. */
  readonly environment: string;
  /** Value of `sentry.environment` in the health contract. */
  readonly sentryEnvironment: string;
  /** Full commit id; undefined when the caller does not know it (then any version is accepted, but there must be one). */
  readonly gitSha?: string | undefined;
  /** Id of the deployment that must answer, when the caller knows it. */
  readonly deploymentId?: string | undefined;
}
