import type { LoadPlan } from '../ports/measure.ts';

/** A request of the journey with everything that is sent. Headers and body are secret. */
export interface SentRequest {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number;
  readonly maxMs: number | undefined;
  readonly thinkMs: number;
}

/** Name that both engines send as user agent, so that a log tells load from people. */
export const loadUserAgent = 'jv-staging-load';

/** Returns the plan's journey with its headers and bodies; both engines send exactly these. */
export function sentRequests(plan: LoadPlan): readonly SentRequest[] {
  const bypass = plan.target.bypassSecret;
  return plan.journey.map((request) => {
    const body = bodyText(request.body);
    return {
      id: request.id,
      method: request.method,
      path: request.path,
      headers: {
        'user-agent': loadUserAgent,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bypass === undefined ? {} : { 'x-vercel-protection-bypass': bypass }),
        ...plan.headers[request.id],
      },
      body,
      status: request.status,
      maxMs: request.maxMs,
      thinkMs: request.thinkMs,
    };
  });
}

/** Returns a configured body as it is sent: text as it is, anything else as JSON. */
export function bodyText(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  return typeof body === 'string' ? body : JSON.stringify(body);
}
