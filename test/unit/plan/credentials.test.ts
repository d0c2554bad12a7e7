import { describe, expect, it } from 'vitest';
import { type Credential, credentialProblems } from '../../../src/core/variables/credentials.ts';

const right: readonly Credential[] = [
  { name: 'VERCEL_TOKEN', vendor: 'Vercel', kind: 'token', value: 'aBcDeFgHiJkLmNoPqRsTuVwX' },
  { name: 'VERCEL_ORG_ID', vendor: 'Vercel', kind: 'team', value: 'team_1' },
  { name: 'SUPABASE_ACCESS_TOKEN', vendor: 'Supabase', kind: 'token', value: `sbp_${'0'.repeat(40)}` },
  { name: 'SUPABASE_ORGANIZATION', vendor: 'Supabase', kind: 'organization', value: 'my-org' },
  { name: 'UPSTASH_EMAIL', vendor: 'Upstash', kind: 'email', value: 'a@b.c' },
  { name: 'UPSTASH_API_KEY', vendor: 'Upstash', kind: 'key', value: '11111111-2222-3333-4444-555555555555' },
];

const withValue = (name: string, value: string) => right.map((each) => (each.name === name ? { ...each, value } : each));

describe('credentials', () => {
  it('that look like their vendor’s are right', () => {
    expect(credentialProblems(right)).toEqual([]);
  });

  it.each([
    ['empty', '', 'is empty'],
    ['white space', '  \t', 'white space'],
    ['in quotes', '"canary-token"', 'quotation marks'],
    ['in single quotes', "'canary-token'", 'quotation marks'],
    ['with a carriage return', 'canary-token\r', 'line end'],
    ['over two lines', 'canary\ntoken', 'line end'],
    ['with a trailing space', 'canary-token ', 'white space'],
    ['with a character that no key has', 'canary–token', 'characters'],
  ])('that are %s are named without their value', (_what, value, problem) => {
    const problems = credentialProblems(withValue('VERCEL_TOKEN', value));

    expect(problems).toEqual([expect.stringMatching(new RegExp(`^VERCEL_TOKEN .*${problem}`))]);
    expect(problems.join()).not.toContain('canary');
  });

  it('of two vendors that are swapped are both named', () => {
    const swapped = right.map((each) => {
      if (each.name === 'VERCEL_TOKEN') return { ...each, value: `sbp_${'0'.repeat(40)}` };
      return each.name === 'SUPABASE_ACCESS_TOKEN' ? { ...each, value: 'aBcDeFgHiJkLmNoPqRsTuVwX' } : each;
    });

    expect(credentialProblems(swapped)).toEqual([
      'VERCEL_TOKEN begins with sbp_: it is Supabase’s, not Vercel’s',
      'SUPABASE_ACCESS_TOKEN does not begin with sbp_, as every Supabase access token does',
    ]);
  });

  it('that two vendors share, and an address that is none, are named', () => {
    const shared = withValue('UPSTASH_API_KEY', 'aBcDeFgHiJkLmNoPqRsTuVwX');

    expect(credentialProblems(shared)).toEqual([
      'VERCEL_TOKEN has the same value as UPSTASH_API_KEY',
      'UPSTASH_API_KEY has the same value as VERCEL_TOKEN',
    ]);
    expect(credentialProblems(withValue('UPSTASH_EMAIL', 'nobody'))).toEqual(['UPSTASH_EMAIL is no e-mail address']);
  });
});
