/** An error as Clerk's APIs answer it (clerk.com/docs/guides/development/errors/backend-api, read 2026-11-22). */
export class ClerkError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 421 | 422;
  readonly code: string;
  readonly longMessage: string;
  /** The parameter that is wrong. */
  readonly param: string | undefined;

  constructor(status: ClerkError['status'], code: string, message: string, more: { readonly long?: string; readonly param?: string } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.longMessage = more.long ?? message;
    this.param = more.param;
  }
}

/** Returns the error for something that there is not. */
export function notFound(what: string, id: string): ClerkError {
  return new ClerkError(404, 'resource_not_found', 'not found', { long: `No ${what} was found with id ${id}.` });
}

/** Returns the error's body. */
export function errorBody(error: ClerkError, traceId: string) {
  const { code, message, longMessage, param } = error;
  return {
    errors: [{ message, long_message: longMessage, code, ...(param === undefined ? {} : { meta: { param_name: param } }) }],
    clerk_trace_id: traceId,
  };
}
