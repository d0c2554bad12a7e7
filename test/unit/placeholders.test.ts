import { expect, test } from 'vitest';
import { fillPlaceholders } from '../../src/core/variables/placeholders.ts';

const nowMs = Date.UTC(2026, 11, 30, 23, 59);

test('fills dates relative to today and the signed-in user, anywhere in a JSON value', () => {
  const body = { date: '{today+3}', from: '{today}', who: ['{user.id}', 'mail {user.email}'], passengers: 4, none: null };

  const filled = fillPlaceholders(body, { nowMs, user: { id: 'u1', email: 'agent1@staging.test' } });

  expect(filled).toEqual({ date: '2027-01-02', from: '2026-12-30', who: ['u1', 'mail agent1@staging.test'], passengers: 4, none: null });
});

test('leaves what it does not know and does not change its input', () => {
  const body = { a: '{user.id} {other} {today+x}' };

  expect(fillPlaceholders(body, { nowMs })).toEqual({ a: '{user.id} {other} {today+x}' });
  expect(body).toEqual({ a: '{user.id} {other} {today+x}' });
});
