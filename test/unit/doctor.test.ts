import { describe, expect, it } from 'vitest';
import { accountFindings, dnsFinding } from '../../src/core/doctor/accounts.ts';
import { isolationFinding, workflowFinding } from '../../src/core/doctor/checklist.ts';
import { StagingError } from '../../src/core/errors.ts';
import type { AccountFacts, DomainDns } from '../../src/core/ports/accounts.ts';
import { stagingSettings } from '../support/stage-world.ts';

const at = Date.parse('2026-11-27T12:00:00.500Z');
const facts: AccountFacts = {
  account: 'ann <ann@example.test>',
  team: 'team acme',
  rights: 'owner, token for its team alone until 2027-01-01',
  plan: 'pro',
  answer: { askedAtMs: at, answeredAtMs: at + 80, vendorAtMs: Date.parse('2026-11-27T12:00:00Z') },
};
const said = (more: Partial<AccountFacts> = {}) => accountFindings({ id: 'vercel', title: 'Vercel', said: { ...facts, ...more } });
const clock = (vendorAt: string | null) =>
  said({ answer: { ...facts.answer, vendorAtMs: vendorAt === null ? null : Date.parse(vendorAt) } }).find(
    ({ id }) => id === 'vercel-clock',
  );
const failed = (kind: 'missing' | 'vendor' | 'usage', code: string) =>
  accountFindings({ id: 'vercel', title: 'Vercel', said: new StagingError(kind, code, 'What happened.', { fix: 'Do this.' }) }).map(
    ({ id, verdict, fix }) => [id, verdict, fix],
  );

describe('what a vendor says of an account', () => {
  it('is who that is, in which team, with which rights, its plan and its clock', () => {
    expect(said().map(({ id, verdict, seen }) => [id, verdict, seen])).toEqual([
      ['vercel-reachable', 'green', 'answered within 80 ms'],
      ['vercel-account', 'green', 'ann <ann@example.test>, in team acme, owner, token for its team alone until 2027-01-01'],
      ['vercel-plan', 'green', 'pro'],
      ['vercel-clock', 'green', 'less than 1 s apart'],
    ]);
  });

  it('is red where the plan is too small, and nothing where no plan is told', () => {
    const plan = (value: string | null) => said({ plan: value }).find(({ id }) => id === 'vercel-plan');
    expect(plan('hobby')).toMatchObject({ verdict: 'red', fix: expect.stringContaining('Upgrade') });
    expect(plan(null)).toMatchObject({ verdict: 'skipped', seen: 'its API does not tell' });
  });

  it('tells how far the clocks are apart: what the network and the cut second may explain counts for none', () => {
    expect(clock('2026-11-27T12:00:01Z')).toMatchObject({ verdict: 'green', seen: 'less than 1 s apart' });
    expect(clock('2026-11-27T12:00:30Z')).toMatchObject({ verdict: 'green', seen: 'this machine is 29 s behind' });
    expect(clock('2026-11-27T12:00:31Z')).toMatchObject({ verdict: 'red', seen: 'this machine is 30 s behind' });
    expect(clock('2026-11-27T11:50:00Z')).toMatchObject({
      verdict: 'red',
      seen: 'this machine is 600 s ahead',
      fix: expect.stringMatching(/^Run/),
    });
    expect(clock(null)).toMatchObject({ verdict: 'inconclusive', seen: expect.stringContaining('unknown') });
  });
});

describe('a vendor that says nothing', () => {
  it.each([
    ['missing', 'VERCEL_FORBIDDEN', [['vercel-account', 'red', 'Do this.']]],
    ['missing', 'VERCEL_TEAM_UNKNOWN', [['vercel-account', 'red', 'Do this.']]],
    ['missing', 'CREDENTIAL_MISSING', [['vercel-account', 'skipped', undefined]]],
    ['usage', 'CREDENTIAL_MALFORMED', [['vercel-account', 'red', 'Do this.']]],
    ['vendor', 'VERCEL_REQUEST_FAILED', [['vercel-account', 'inconclusive', 'Do this.']]],
    [
      'vendor',
      'VERCEL_UNREACHABLE',
      [
        ['vercel-reachable', 'red', 'Do this.'],
        ['vercel-account', 'inconclusive', undefined],
      ],
    ],
  ] as const)('%s %s is told from the others, and is never green', (kind, code, expected) => {
    expect(failed(kind, code)).toEqual(expected);
  });
});

describe('the rest of the checklist', () => {
  it('names the record that the domain’s DNS lacks', () => {
    const record = { type: 'CNAME', name: 'staging.acme.test', value: 'cname.vercel-dns.com.' };
    expect(dnsFinding('staging.acme.test', record)).toMatchObject({
      verdict: 'red',
      fix: 'Add the record `staging.acme.test CNAME cname.vercel-dns.com.` where the domain’s DNS is kept.',
    });
    const told: readonly (DomainDns | undefined)[] = ['configured', 'not told', undefined];
    expect(told.map((dns) => dnsFinding('x', dns).verdict)).toEqual(['green', 'skipped', 'skipped']);
  });

  it('does not call production isolated while nobody has named it', () => {
    const { production } = stagingSettings;
    expect(isolationFinding({ production, target: 'cloud' })).toMatchObject({ verdict: 'green' });
    expect(isolationFinding({ production, target: 'local' })).toMatchObject({ verdict: 'skipped' });
    expect(isolationFinding({ production: { ...production, upstashDatabases: [] }, target: 'cloud' })).toMatchObject({
      verdict: 'skipped',
      seen: 'unknown: no Upstash database is named',
      fix: expect.stringContaining('`production.upstashDatabases`'),
    });
  });

  it('says whether CI stages the repository', () => {
    expect(workflowFinding('.github/workflows/x.yml', true).verdict).toBe('green');
    expect(workflowFinding('.github/workflows/x.yml', false)).toMatchObject({ verdict: 'skipped', fix: 'Run `jv-staging ci init`.' });
    expect(workflowFinding(undefined, false).seen).toBe('not in a git repository');
  });
});
