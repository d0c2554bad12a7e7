import { isIPv6 } from 'node:net';
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

/** What a `DATABASE_…` error says for a SQLSTATE: what the server does, and what mends it. */
interface Meaning {
  readonly kind: 'vendor' | 'missing';
  readonly code: string;
  readonly does: string;
  readonly fix: string;
}

/** By SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html, read 2026-11-27); others are a statement that was refused. */
const meanings: Readonly<Record<string, Meaning>> = {
  '28P01': {
    kind: 'missing',
    code: 'DATABASE_PASSWORD_REFUSED',
    does: 'refused the password',
    fix: 'Check STAGING_SUPABASE_DB_PASSWORD in .env.staging, or reset the database password on the platform and write it there.',
  },
  // Before any password is looked at: the role may not log in, not from this address, or not without TLS.
  '28000': {
    kind: 'missing',
    code: 'DATABASE_LOGIN_REFUSED',
    does: 'lets this login in from here not at all',
    fix: 'Check the role, the addresses that the platform lets in, and add `sslmode=require` to the address where it speaks of encryption.',
  },
  '53300': {
    kind: 'vendor',
    code: 'DATABASE_BUSY',
    does: 'has no connection free',
    fix: 'Close connections that nobody uses, then run the same command again.',
  },
  '53100': {
    kind: 'vendor',
    code: 'DATABASE_DISK_FULL',
    does: 'has no disk space left',
    fix: 'Free disk space or enlarge the disk on the platform, then run the same command again.',
  },
  '25006': {
    kind: 'vendor',
    code: 'DATABASE_READ_ONLY',
    does: 'takes no writes',
    fix: 'See on the platform why it is read-only (a full disk, a replica), then run the same command again.',
  },
  '57P03': {
    kind: 'vendor',
    code: 'DATABASE_NOT_READY',
    does: 'is starting, stopping or recovering',
    fix: 'Wait until the platform says that it is healthy, then run the same command again.',
  },
};

/** Returns the `DATABASE_…` error for anything that a connection to `server` (host and port, for messages) threw. */
export function databaseError(error: unknown, server: string): unknown {
  if (error instanceof StagingError) return error;
  const failure = sqlFailure(error);
  if (failure === undefined) return networkError(error, server);
  const said = `${failure.message} (SQLSTATE ${failure.sqlState})`;
  const meaning = meanings[failure.sqlState];
  if (meaning !== undefined) {
    const { kind, code, does, fix } = meaning;
    return new StagingError(kind, code, `The database at ${server} ${does}: ${said}.`, { fix, cause: error });
  }
  if (isConnectionLoss(error)) return unreachable(server, said, error);
  return new StagingError('vendor', 'DATABASE_QUERY_FAILED', `The database at ${server} refused a statement: ${said}.`, {
    fix: failure.hint,
    cause: error,
  });
}

function networkError(error: unknown, server: string): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  const said = `${networkText(error)} (${code})`;
  if (isTls(error, code)) {
    return new StagingError('vendor', 'DATABASE_TLS_REFUSED', `The database at ${server} and this machine agree on no TLS: ${said}.`, {
      fix: 'Check `sslmode` in the address, the certificate, and whether the server speaks TLS at all.',
      cause: error,
    });
  }
  const tried = addressesOf(error);
  if (unroutable.includes(code) && tried.length > 0 && tried.every((address) => isIPv6(address))) {
    const message = `The database at ${server} has an IPv6 address alone (${tried.join(', ')}), to which no way leads from this machine: ${said}.`;
    return new StagingError('vendor', 'DATABASE_IPV6_ONLY', message, {
      fix: 'Run it where there is IPv6, or take the platform’s pooler in session mode or its IPv4 add-on.',
      cause: error,
    });
  }
  return unreachable(server, said, error);
}

/** What the system says when no way leads to an address. */
const unroutable = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

function isTls(error: unknown, code: string): boolean {
  // Node's own for a connection that was closed before TLS stood (`_tls_wrap.js`, onConnectEnd): a server without TLS does that.
  if (code === 'ECONNRESET') return error instanceof Error && 'localAddress' in error && 'path' in error;
  return /^(EPROTO$|CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/.test(code);
}

/** The addresses that a connection was tried to, as `node:net` gives them: one, or each with an error of its own. */
function addressesOf(error: unknown): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(addressesOf);
  return error instanceof Error && 'address' in error && typeof error.address === 'string' ? [error.address] : [];
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
  return /^(E[A-Z]{3,}|CONNECT_TIMEOUT|CONNECTION_[A-Z]+|CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/.test(error.code)
    ? error.code
    : undefined;
}
