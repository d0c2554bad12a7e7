/** An address under test: its origin, where its host names lead, and the secret that passes deployment protection. */
export interface WebTarget {
  /** Origin with scheme and port, without a path: `https://staging.example.com`. */
  readonly origin: string;
  /** Host names that lead to an IP address of ours instead of DNS (local cloud); empty otherwise. */
  readonly resolve: Readonly<Record<string, string>>;
  /** Sent to this origin only, as `x-vercel-protection-bypass`. */
  readonly bypassSecret?: string | undefined;
}

/** A request to an address under test. */
export interface WebRequest {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD';
  /** Path with query, beginning with a slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as it is; set the content type yourself. */
  readonly body?: string | undefined;
  /** Bound on the whole request, headers and body. */
  readonly timeoutMs: number;
  /** True: over a connection of its own, so that its time holds the look-up, TCP and TLS too. */
  readonly fresh?: boolean | undefined;
}

/** Why there was no answer. */
export type WebFailureClass = 'timeout' | 'refused' | 'reset' | 'dns' | 'tls' | 'too-large' | 'other';

/** An answer, or why there was none. Redirects are not followed: they are answers. */
export type WebOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case; several values joined by ", ", but set-cookie by a line feed. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** Until the last byte. */
      readonly durationMs: number;
    }
  | { readonly kind: 'failure'; readonly class: WebFailureClass; readonly message: string; readonly durationMs: number };

/** Asks an address under test. Never throws for what the other side does; throws the signal's reason when aborted. */
export interface WebClient {
  request(target: WebTarget, request: WebRequest, signal: AbortSignal): Promise<WebOutcome>;
}

/** A signed-in user, as headers to send along. */
export interface Session {
  readonly userId: string;
  readonly email: string;
  /** Headers that make a request signed in (cookie or authorization); secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** The access token, for services beside the app (Realtime); secret. */
  readonly accessToken: string;
}

/** Signs seeded users in on the app under test. Throws `SMOKE_SIGN_IN_FAILED` (kind `red`). */
export interface Sessions {
  signIn(target: WebTarget, email: string, signal: AbortSignal): Promise<Session>;
}

/** What a Realtime probe saw. */
export type RealtimeOutcome =
  | { readonly kind: 'event'; readonly afterMs: number }
  | { readonly kind: 'silent'; readonly stage: 'subscribe' | 'insert' | 'event'; readonly message: string };

/** Subscribes as a user, inserts a row as that user, waits for its event, and removes the row. */
export interface Realtime {
  probe(
    table: string,
    row: Readonly<Record<string, unknown>>,
    session: Session,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<RealtimeOutcome>;
}

/** Users of the service that signs people in, where that is not the database's own. Throws `CLERK_…` errors. */
export interface SignInUsers {
  /** Returns the id of the user with this address, or undefined. */
  findUser(email: string, signal: AbortSignal): Promise<string | undefined>;
  /** Creates a user with this password; returns the id. */
  createUser(user: { readonly email: string; readonly password: string }, signal: AbortSignal): Promise<string>;
  /** Removes a user; one that is not there is no error. */
  deleteUser(userId: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
