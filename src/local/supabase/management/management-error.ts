import type { Context } from 'hono';
import type { z } from 'zod';

/** An answer other than success, in the platform's shape. */
export class ManagementError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 422 | 503;

  constructor(status: ManagementError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads the request's JSON body; throws a `ManagementError` when it has another shape. */
export async function body<Shape extends z.ZodType>(c: Context, shape: Shape): Promise<z.infer<Shape>> {
  let value: unknown;
  try {
    value = await c.req.json();
  } catch {
    throw new ManagementError(400, 'Invalid JSON body');
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ManagementError(400, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join(', '));
}
