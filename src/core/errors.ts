/** What kind of failure an error is; each kind has one exit code (see `exitCodes`). */
export type ErrorKind =
  | 'bug'
  | 'usage'
  | 'missing'
  | 'vendor'
  | 'red'
  | 'refused'
  | 'locked'
  | 'pending'
  | 'inconclusive'
  | 'interrupted'
  | 'terminated';

/** Exit codes of the command line by error kind, as `--help` and the README print them. */
export const exitCodes = {
  bug: 1,
  usage: 2,
  missing: 3,
  vendor: 4,
  red: 5,
  refused: 6,
  locked: 7,
  pending: 8,
  inconclusive: 9,
  interrupted: 130,
  terminated: 143,
} as const satisfies Record<ErrorKind, number>;

/** What an error may carry beside its message. */
export interface StagingErrorDetails {
  /** How to mend it; starts with a verb and can be pasted. */
  readonly fix?: string | undefined;
  /** The error underneath, if any. */
  readonly cause?: unknown;
  /** What the command had found out until then; becomes `data` in the `--json` envelope. Holds no secret. */
  readonly data?: unknown;
  /** A sentence that is true once everything that the run did has been taken back; whoever takes it back adds it to the message. */
  readonly onceUndone?: string | undefined;
}

/**
 * An expected failure: something the user can act on. Everything else that is thrown is a bug of ours and keeps its stack.
 * `code` is `SUBJECT_PROBLEM` and never renamed.
 */
export class StagingError extends Error {
  override readonly name = 'StagingError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly fix: string | undefined;
  readonly data: unknown;
  readonly onceUndone: string | undefined;

  constructor(kind: ErrorKind, code: string, message: string, details: StagingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.fix = details.fix;
    this.data = details.data;
    this.onceUndone = details.onceUndone;
  }

  /** The exit code that this error ends the process with. */
  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** Returns the exit code for anything thrown: that of a `StagingError`, otherwise 1 (a bug of ours). */
export function exitCodeOf(error: unknown): number {
  return error instanceof StagingError ? error.exitCode : exitCodes.bug;
}
