/** What Postgres says of a query that it refused. */
export interface PostgresError {
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

/** Returns PostgREST's answer to what Postgres refused. */
export function errorAnswer(error: PostgresError, anonymous: boolean): { readonly status: number; readonly body: object } {
  const { code, message, detail, hint } = error;
  return { status: statusOf(code, anonymous), body: { code, details: detail ?? null, hint: hint ?? null, message } };
}

/** PostgREST's table of HTTP statuses by SQLSTATE (docs.postgrest.org, references/errors, read 2026-11-22). */
function statusOf(code: string, anonymous: boolean): number {
  const exact: Readonly<Record<string, number>> = {
    '23503': 409,
    '23505': 409,
    '25006': 405,
    '42883': 404,
    '42P01': 404,
    '42P17': 500,
    '53400': 500,
    '57014': 500,
    '42501': anonymous ? 401 : 403,
    P0001: 400,
  };
  const byClass: Readonly<Record<string, number>> = {
    '08': 503,
    '09': 500,
    '0L': 403,
    '0P': 403,
    '25': 500,
    '28': 403,
    '2D': 500,
    '38': 500,
    '39': 500,
    '3B': 500,
    '40': 500,
    '53': 503,
    '54': 500,
    '55': 500,
    '57': 500,
    '58': 500,
    F0: 500,
    HV: 500,
    P0: 500,
    XX: 500,
  };
  return exact[code] ?? byClass[code.slice(0, 2)] ?? 400;
}

/** Returns what Postgres said, if the error is one of the database; a connection that fails counts as class 08. */
export function postgresError(error: unknown): PostgresError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (!/^[0-9A-Z]{5}$/.test(error.code))
    return { code: '08000', message: 'The database does not answer.', detail: undefined, hint: undefined };
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    code: error.code,
    message: error.message,
    detail: 'detail' in error ? text(error.detail) : undefined,
    hint: 'hint' in error ? text(error.hint) : undefined,
  };
}
