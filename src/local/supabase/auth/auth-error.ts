import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';

/** GoTrue's error: an HTTP status, its error code, and its message. */
export class AuthError extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: ContentfulStatusCode, code: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }
}

/** From this version on an error is `{code, message}`; before it is `{code: status, error_code, msg}` (supabase/auth, internal/api/errors.go). */
const codedErrorsVersion = '2024-01-01';
/** Returns the answer for anything thrown, in the shape that the client's version wants. */
export function answerError(error: unknown, c: Context): Response {
  const known =
    error instanceof AuthError
      ? error
      : new AuthError(500, 'unexpected_failure', 'Unexpected failure, please check server logs for more information');
  const asked = c.req.header('x-supabase-api-version') ?? '';
  c.header('x-sb-error-code', known.code);
  if (asked >= codedErrorsVersion) {
    c.header('x-supabase-api-version', codedErrorsVersion);
    return c.json({ code: known.code, message: known.message, ...known.extra }, known.status);
  }
  return c.json({ code: known.status, error_code: known.code, msg: known.message, ...known.extra }, known.status);
}

/** Reads the request's JSON body; throws an `AuthError` when it has another shape. */
export async function body<Shape extends z.ZodType>(c: Context, shape: Shape): Promise<z.infer<Shape>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new AuthError(400, 'bad_json', 'Could not parse request body as JSON');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AuthError(400, 'validation_failed', z.prettifyError(parsed.error));
}
