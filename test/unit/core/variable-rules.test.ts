import { describe, expect, it } from 'vitest';
import type { VariableSettings } from '../../../src/core/settings.ts';
import { variableDiff } from '../../../src/core/variables/diff.ts';
import { variableProblems } from '../../../src/core/variables/rules.ts';

const context = { environment: 'staging', target: 'cloud' } as const;
const literal = (value: string, more: Partial<VariableSettings> = {}): VariableSettings => ({
  value,
  class: 'secret',
  required: true,
  ...more,
});
const codes = (name: string, value: string | undefined, more: Partial<VariableSettings> = {}, target: 'cloud' | 'local' = 'cloud') =>
  variableProblems([{ name, setting: literal(value ?? '', more), value }], { ...context, target }).map(({ code }) => code);
const jwt = (claims: object) => `e30.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.sig`;

describe('the rules of the app’s environment', () => {
  it.each([
    ['STRIPE_SECRET_KEY', 'sk_live_abc', 'LIVE_KEY'],
    ['STRIPE_RESTRICTED_KEY', 'rk_live_abc', 'LIVE_KEY'],
    ['NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY', 'pk_live_abc', 'LIVE_KEY'],
    ['CLERK_SECRET_KEY', 'sk_live_abc', 'LIVE_KEY'],
    ['REDIS_URL', 'https://eu1-x.upstash.io', 'REDIS_URL_NOT_TCP'],
    ['REDIS_URL', 'redis://eu1-x.upstash.io:6379', 'REDIS_URL_NOT_TCP'],
    ['REDIS_URL', 'not an address', 'REDIS_URL_NOT_TCP'],
    ['NEXT_PUBLIC_SUPABASE_KEY', jwt({ role: 'service_role' }), 'SERVICE_KEY_PUBLIC'],
    ['NEXT_PUBLIC_SUPABASE_KEY', 'sb_secret_abc', 'SERVICE_KEY_PUBLIC'],
    ['SENTRY_ENVIRONMENT', 'production', 'SENTRY_ENVIRONMENT_WRONG'],
    ['LOG_LEVEL', 'info', 'DEBUG_LOGGING_OFF'],
    ['DEBUG', 'false', 'DEBUG_LOGGING_OFF'],
  ])('catch %s=%s as %s', (name, value, code) => {
    expect(codes(name, value)).toEqual([code]);
  });

  it.each([
    ['STRIPE_SECRET_KEY', 'sk_test_abc'],
    ['REDIS_URL', 'rediss://default:x@eu1-x.upstash.io:6379'],
    ['REDIS_URL', 'redis://127.0.0.1:6379'],
    ['SUPABASE_SERVICE_ROLE_KEY', jwt({ role: 'service_role' })],
    ['NEXT_PUBLIC_SUPABASE_ANON_KEY', jwt({ role: 'anon' })],
    ['NEXT_PUBLIC_NOT_A_TOKEN', 'a.b.c'],
    ['SENTRY_ENVIRONMENT', 'staging'],
    ['LOG_LEVEL', 'debug'],
    ['DEBUG', 'app:*'],
    ['ANYTHING', undefined],
  ])('let %s=%s pass', (name, value) => {
    expect(codes(name, value)).toEqual([]);
  });

  it('know a service-role key by where it comes from, before it exists', () => {
    const value = { kind: 'fact', fact: 'supabase.serviceRoleKey' } as const;

    expect(codes('NEXT_PUBLIC_KEY', undefined, { value })).toEqual(['SERVICE_KEY_PUBLIC']);
    expect(codes('SERVICE_KEY', undefined, { value, class: 'public' })).toEqual(['SERVICE_KEY_PUBLIC']);
    expect(codes('SERVICE_KEY', undefined, { value })).toEqual([]);
  });

  it('take the local cloud’s plain Redis', () => {
    expect(codes('REDIS_URL', 'redis://jv:6379', {}, 'local')).toEqual([]);
  });

  it('hold a variable’s own rule, and never show a secret', () => {
    const [problem] = variableProblems([{ name: 'API_KEY', setting: literal('hunter2', { rule: '^key_' }), value: 'hunter2' }], context);

    expect(problem).toMatchObject({ code: 'RULE_BROKEN', expected: 'a value that matches /^key_/' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    expect(codes('API_KEY', 'key_1', { rule: '^key_' })).toEqual([]);
  });

  it('never show a live key', () => {
    const problems = variableProblems([{ name: 'KEY', setting: literal('sk_live_canary'), value: 'sk_live_canary' }], context);

    expect(JSON.stringify(problems)).not.toContain('canary');
  });
});

describe('the comparison with the platform', () => {
  it('tells missing, changed, unknown and foreign variables apart', () => {
    const wanted = ['A', 'B', 'C', 'D'].map((name) => ({ name, class: 'secret' as const, fingerprint: `f-${name}` }));
    const actual = [
      { name: 'B', fingerprint: 'f-B' },
      { name: 'C', fingerprint: 'other' },
      { name: 'D', fingerprint: null },
      { name: 'Z', fingerprint: null },
      { name: 'Y', fingerprint: null },
    ];

    expect(variableDiff(wanted, actual).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'A missing',
      'B unchanged',
      'C changed',
      'D unknown',
      'Y foreign',
      'Z foreign',
    ]);
  });
});
