import type { z } from 'zod';
import type { ClockedAnswer } from '../../core/ports/accounts.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';

/** Reads an answer together with the times around it and the vendor's own. Throws like `ApiClient.read`. */
export async function readClocked<Body>(
  api: ApiClient,
  request: ApiRequest,
  schema: z.ZodType<Body>,
  clock: Clock,
): Promise<{ readonly body: Body; readonly answer: ClockedAnswer }> {
  const askedAtMs = clock.nowMs();
  const answer = await api.send(request);
  const answeredAtMs = clock.nowMs();
  const { date } = answer.headers;
  const vendorAtMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const body = api.parse(request, answer, schema);
  return { body, answer: { askedAtMs, answeredAtMs, vendorAtMs: Number.isNaN(vendorAtMs) ? null : vendorAtMs } };
}
