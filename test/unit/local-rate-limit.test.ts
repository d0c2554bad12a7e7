import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { VercelError } from '../../src/local/vercel/errors.ts';
import { createRateLimit } from '../../src/local/vercel/rate-limit.ts';

it('refuses what is over the limit in the vendor’s words, and begins anew with the next window', async () => {
  let nowMs = 1_000_000;
  const count = createRateLimit(2, () => nowMs);
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError((error, c) => (error instanceof VercelError ? c.json(error.body, error.status) : c.text('', 500)));
  app.get('/', (c) => {
    count(c);
    return c.text('ok');
  });
  const ask = async () => await app.request('/');

  const [first, second, third] = [await ask(), await ask(), await ask()];
  nowMs += 60_000;
  const next = await ask();

  expect([first, second, third, next].map((answer) => answer.status)).toEqual([200, 200, 429, 200]);
  expect([first, second, third, next].map((answer) => answer.headers.get('x-ratelimit-remaining'))).toEqual(['1', '0', '0', '1']);
  expect(first.headers.get('x-ratelimit-reset')).toBe('1060');
  expect(third.headers.get('retry-after')).toBe('60');
  expect(await third.json()).toEqual({
    error: { code: 'rate_limited', message: 'Too many requests.', limit: { total: 2, remaining: 0, reset: 1060 } },
  });
});
