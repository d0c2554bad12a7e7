/** How a request of a check signs in: as nobody, or as a seeded user by e-mail address. */
export type CheckIdentity = 'nobody' | { readonly user: string };

/** Fields that every smoke check has. */
interface CheckBase {
  /** Unique, kebab-case; `--only` names it. */
  readonly id: string;
  readonly title: string;
  /** Bound on the whole check. */
  readonly timeoutMs: number;
}

/** A page: status, a marker that only the right page shows, optionally the signed-in user's own address on it. */
export interface PageCheck extends CheckBase {
  readonly kind: 'page';
  readonly path: string;
  readonly as: CheckIdentity;
  readonly status: number;
  /** Text that the body must contain; empty when no marker of the page is known. */
  readonly marker: string;
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
  readonly as: CheckIdentity;
  /** Sent as JSON, placeholders filled in (see `fillPlaceholders`). */
  readonly body?: unknown;
  readonly status: number;
  /** Dotted paths that the JSON answer must have, each with the type expected there. */
  readonly fields: Readonly<Record<string, 'string' | 'number' | 'boolean' | 'array' | 'object'>>;
  /** Path to a list that must not be empty, or undefined. */
  readonly notEmpty?: string | undefined;
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
}

/** A request whose answer must carry these headers (values are matched as case-insensitive substrings). */
export interface HeadersCheck extends CheckBase {
  readonly kind: 'headers';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Text that must not appear in the HTML of a page and the scripts that it loads. */
export interface NegativeCheck extends CheckBase {
  readonly kind: 'negative';
  readonly path: string;
  /** Substrings that must not appear; the production identities of the configuration are always among them. */
  readonly absent: readonly string[];
}

/** One smoke check, as data in the configuration. */
export type SmokeCheck = PageCheck | HealthCheck | ApiCheck | RealtimeCheck | QueueCheck | HeadersCheck | NegativeCheck;

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
