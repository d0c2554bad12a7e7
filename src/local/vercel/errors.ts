import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An answer in the vendor's error shape: `{"error":{"code","message",…}}`. */
export class VercelError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: ContentfulStatusCode, code: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }

  /** The answer's body. */
  get body(): { readonly error: Readonly<Record<string, unknown>> } {
    return { error: { code: this.code, message: this.message, ...this.extra } };
  }
}

/** Returns the error for something that is not there. */
export function notFound(message: string): VercelError {
  return new VercelError(404, 'not_found', message);
}

/** Returns the error for a request that the vendor would not take. */
export function badRequest(message: string, extra: Readonly<Record<string, unknown>> = {}): VercelError {
  return new VercelError(400, 'bad_request', message, extra);
}
