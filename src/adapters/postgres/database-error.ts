import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

/** What Postgres says about an error, from its error fields (https://www.postgresql.org/docs/15/protocol-error-fields.html). */
export interface SqlFailure {
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** Characters from 1 into the statement, when Postgres knows where. */
  readonly position: number | undefined;
  /** What it was doing, e.g. which line of a COPY it read. */
  readonly context?: string | undefined;
  readonly constraint?: string | undefined;
  readonly column?: string | undefined;
}

/** As both clients give them: postgres (`constraint_name`) and pg (`constraint`). Only the server's own errors have a severity. */
const errorFields = z.object({
  severity: z.string(),
  code: z.string().regex(/^[0-9A-Z]{5}$/),
  detail: z.string().optional(),
  hint: z.string().optional(),
  position: z.union([z.string(), z.number()]).optional(),
  where: z.string().optional(),
  constraint_name: z.string().optional(),
  constraint: z.string().optional(),
  column_name: z.string().optional(),
  column: z.string().optional(),
});

/** Returns what Postgres says about an error, or undefined when the error is not Postgres's. */
export function sqlFailure(error: unknown): SqlFailure | undefined {
  const fields = error instanceof Error ? errorFields.safeParse(error).data : undefined;
  if (fields === undefined || !(error instanceof Error)) return undefined;
  const position = Number(fields.position);
  return {
    sqlState: fields.code,
    message: printable(error.message),
    detail: fields.detail === undefined ? undefined : printable(fields.detail),
    hint: fields.hint === undefined ? undefined : printable(fields.hint),
    position: Number.isInteger(position) && position > 0 ? position : undefined,
    context: fields.where,
    constraint: fields.constraint_name ?? fields.constraint,
    column: fields.column_name ?? fields.column,
  };
}

/** True when the connection was lost, or never there: what was sent may or may not have taken effect. */
export function isConnectionLoss(error: unknown): boolean {
  const failure = sqlFailure(error);
  if (failure === undefined) return !(error instanceof StagingError) && codeOf(error) !== undefined;
  // Class 08: connection exceptions; 57P01 to 57P03: the server is going down, crashed, or starting.
  return failure.sqlState.startsWith('08') || ['57P01', '57P02', '57P03'].includes(failure.sqlState);
}

/** Returns host and port of a connection string: what messages may say of it. */
export function serverOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}`;
}

/** Returns the `DATABASE_…` error for anything that a connection to `server` (host and port, for messages) threw. */
export function databaseError(error: unknown, server: string): unknown {
  if (error instanceof StagingError) return error;
  const failure = sqlFailure(error);
  if (failure === undefined) {
    const code = codeOf(error);
    return code === undefined ? error : unreachable(server, `${networkText(error)} (${code})`, error);
  }
  const said = `${failure.message} (SQLSTATE ${failure.sqlState})`;
  if (isConnectionLoss(error)) return unreachable(server, said, error);
  switch (failure.sqlState) {
    case '28P01':
    case '28000':
      return new StagingError('missing', 'DATABASE_PASSWORD_REFUSED', `The database at ${server} refused the password: ${said}.`, {
        fix: 'Check STAGING_SUPABASE_DB_PASSWORD in .env.staging, or reset the database password on the platform and write it there.',
        cause: error,
      });
    case '53300':
      return new StagingError('vendor', 'DATABASE_BUSY', `The database at ${server} has no connection free: ${said}.`, {
        fix: 'Close connections that nobody uses, then run the same command again.',
        cause: error,
      });
    case '53100':
    case '25006':
      return new StagingError('vendor', 'DATABASE_READ_ONLY', `The database at ${server} takes no writes: ${said}.`, {
        fix: 'Free disk space or enlarge the disk on the platform, then run the same command again.',
        cause: error,
      });
    default:
      return new StagingError('vendor', 'DATABASE_QUERY_FAILED', `The database at ${server} refused a statement: ${said}.`, {
        fix: failure.hint,
        cause: error,
      });
  }
}

function unreachable(server: string, reason: string, cause: unknown): StagingError {
  return new StagingError('vendor', 'DATABASE_UNREACHABLE', `The database at ${server} cannot be reached: ${reason}.`, {
    fix: 'Check that the project is running and that this machine may reach it, then run the same command again.',
    cause,
  });
}

function networkText(error: unknown): string {
  return error instanceof Error && error.message !== '' ? printable(error.message) : 'no answer';
}

/** Codes of `node:net`, `node:tls` and of porsager's postgres (`CONNECT_TIMEOUT`, `CONNECTION_CLOSED` …). */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^(E[A-Z]{3,}|CONNECT_TIMEOUT|CONNECTION_[A-Z]+|CERT_|ERR_TLS_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/.test(error.code)
    ? error.code
    : undefined;
}
