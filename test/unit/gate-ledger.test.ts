import { describe, expect, it } from 'vitest';
import { fixesFor, gateRefusal, judgeLedger } from '../../src/core/gate/ledger.ts';
import { heldMs } from '../../src/core/gate/load-coverage.ts';
import { type Asked, type CommitReport, type GateFacts, lets } from '../../src/core/gate/model.ts';
import { builtInProfiles } from '../../src/core/load/profile.ts';
import type { Plan, PlanItem } from '../../src/core/plan/model.ts';
import type { EnvironmentStatus } from '../../src/core/status.ts';
import type { Finding, StageResult } from '../../src/core/verdict.ts';
import { samplePlan } from '../support/sample-plan.ts';

const commit = 'c'.repeat(40);
const evidence = { file: 'evidence.json', sha256: 'e'.repeat(64) };
const known = <Answer>(answer: Answer): Asked<Answer> => ({ known: true, answer, evidence });
const unknown = { known: false, reason: 'Nobody answered.', fix: 'Ask again.' } as const;
const green = (id: string): Finding => ({ id, title: id, verdict: 'green', seen: 'good', expected: 'good' });

const stage = (name: string, findings: readonly Finding[], details: unknown = null): StageResult => ({
  stage: name,
  verdict: 'green',
  summary: 'all green',
  findings,
  startedAt: '2026-11-26T00:00:00.000Z',
  durationMs: 1,
  details,
});

const smoke = stage('smoke', ['health', 'sentry', 'logs'].map(green), { profile: 'full' });
const perf = stage('perf', [green('budgets'), green('home')]);
const load = stage('load', [green('budgets'), green('p95')], { stages: builtInProfiles.full });
const rehearsal = stage('migrate-check', [green('a')], { pending: [], proofs: [{ version: '0' }, { version: '1' }] });
const drill = stage('rollback-drill', [green('back'), green('forward')]);
const watch = stage('watch', [green('availability')]);

const report = (...stages: readonly StageResult[]): CommitReport => ({
  report: { stages },
  evidence,
});

const item = (resource: PlanItem['resource'], action: PlanItem['action'] = 'unchanged'): PlanItem => ({
  resource,
  id: resource,
  vendorId: 'id',
  action,
  changes: [],
  reason: action,
  needsPerson: null,
  costUsdPerMonth: null,
});

const items = (['vercel-project', 'supabase-project', 'upstash-database', 'schema', 'domain', 'variable'] as const).map((one) => item(one));
const plan: Plan = {
  ...samplePlan,
  items,
  cost: { knownUsdPerMonth: 20, unknown: [], parts: [], productionUsdPerMonth: 100, verdict: 'within' },
};

const status: EnvironmentStatus = {
  name: 'jet-staging',
  environment: 'staging',
  target: 'cloud',
  url: 'https://staging.jet.test',
  openUrl: 'https://staging.jet.test',
  resources: { vercelProject: 'prj', supabaseProject: 'ref', upstashDatabase: 'id' },
  live: null,
  drift: { differing: [], compared: 1, why: null },
  gates: [],
  queues: [],
  cost: null,
  liveDeployment: 'dpl_1',
  recordMatches: true,
  unrecorded: [],
  autoAssignDomains: true,
  migrations: { head: '1', applied: 1, pending: 0 },
  restorePoints: null,
  variablesNotLive: null,
  contractWaiting: [],
  releases: [
    {
      id: 'rel_1',
      kind: 'deploy',
      gitSha: commit,
      dirty: false,
      vercelDeploymentId: 'dpl_1',
      url: 'https://d.test',
      migrationHead: '1',
      gates: [],
      createdAt: '2026-11-26T00:00:00.000Z',
      actor: 'me',
      previous: null,
    },
  ],
};

const attestation = (entry: string, of: string = commit) => ({
  attestation: { entry, commit: of, name: 'Ada', date: '2026-11-26', words: 'Read it.' },
  evidence,
});

/** Everything as it should be. */
const good: GateFacts = {
  commit,
  plan: known(plan),
  status: known(status),
  tls: known({ address: 'staging.jet.test:443', trusted: true, detail: 'valid' }),
  isolation: known([{ id: 'database', title: 'Database', verdict: 'pass', evidence: 'other refs', expected: 'another', fix: null }]),
  alerting: known({ projects: ['a/b'], rules: ['Tell the team'] }),
  issues: known({ repository: 'a/b', labels: ['critical'], open: [] }),
  review: known({ pullRequest: 7, approvedBy: ['ada'], changesRequestedBy: [], headSha: commit }),
  reports: [report(stage('seed', [green('rows')]), smoke, perf, load), report(drill), report(rehearsal), report(watch)],
  attestations: [attestation('AC-12')],
};

const verdictOf = (facts: GateFacts, id: string) => judgeLedger(facts).find((one) => one.id === id)?.verdict;
const without = (name: string): GateFacts['reports'] =>
  good.reports.map((one) => ({ ...one, report: { ...one.report, stages: one.report.stages.filter(({ stage: is }) => is !== name) } }));
const replaced = (result: StageResult): GateFacts['reports'] => [report(result), ...good.reports];

describe('the ledger', () => {
  it('has every criterion once, and lets pass when all is as it should be', () => {
    const entries = judgeLedger(good);

    expect(entries.filter((one) => !lets(one))).toEqual([]);
    expect(entries.map(({ id }) => id)).toEqual([
      ...Array.from({ length: 13 }, (_, index) => `AC-${index + 1}`),
      ...Array.from({ length: 8 }, (_, index) => `FR-${index + 1}`),
      'NFR-performance',
      'NFR-reliability',
      'NFR-isolation',
      'NFR-cost',
    ]);
    expect(entries.filter(({ evidence: files }) => files.length === 0)).toEqual([]);
    expect(entries.find(({ id }) => id === 'AC-12')).toMatchObject({ verdict: 'attested', seen: 'Ada, 2026-11-26: Read it.' });
  });

  it.each<readonly [string, string, string, Partial<GateFacts>]>([
    ['AC-1', 'failed', 'another commit is live', { commit: 'd'.repeat(40) }],
    ['AC-1', 'failed', 'the live deployment is not the newest record’s', { status: known({ ...status, recordMatches: false }) }],
    ['AC-1', 'failed', 'nothing is out', { status: known({ ...status, releases: [], liveDeployment: null }) }],
    ['AC-1', 'unknown', 'nobody could say', { status: unknown }],
    ['AC-2', 'failed', 'the certificate is not trusted', { tls: known({ address: 'a:443', trusted: false, detail: 'expired' }) }],
    ['AC-2', 'unknown', 'nobody could say', { tls: unknown }],
    ['AC-3', 'failed', 'a migration is pending', { plan: known({ ...plan, items: [...items, item('schema', 'update')] }) }],
    ['AC-3', 'unknown', 'the plan says nothing of a database', { plan: known({ ...plan, items: [item('variable')] }) }],
    ['AC-4', 'unknown', 'no seed was reported', { reports: without('seed') }],
    ['AC-4', 'short', 'nothing was seeded', { reports: replaced(stage('seed', [green('users')], { tables: [], entries: [] })) }],
    ['AC-5', 'failed', 'Redis has drifted', { plan: known({ ...plan, items: [item('upstash-database', 'drift')] }) }],
    ['AC-5', 'unknown', 'no check asked the app', { reports: replaced(stage('smoke', [green('home')], { profile: 'full' })) }],
    ['AC-6', 'failed', 'a variable is missing', { plan: known({ ...plan, items: [...items, item('variable', 'create')] }) }],
    ['AC-7', 'short', 'smoke looked from outside only', { reports: replaced({ ...smoke, details: { profile: 'outside' } }) }],
    ['AC-7', 'short', 'smoke ran chosen checks', { reports: replaced({ ...smoke, details: { profile: 'full', leftOut: ['home'] } }) }],
    [
      'AC-7',
      'short',
      'smoke ran too few checks',
      { reports: replaced({ ...smoke, details: { profile: 'full', executed: 2, minimum: 18 } }) },
    ],
    ['FR-5', 'short', 'smoke ran chosen checks', { reports: replaced({ ...smoke, details: { profile: 'full', leftOut: ['home'] } }) }],
    [
      'AC-7',
      'unknown',
      'the configuration has changes in no commit',
      { reports: [{ ...report(smoke), report: { stages: [smoke], configurationChanged: true } }] },
    ],
    [
      'AC-7',
      'unknown',
      'the release has changes in no commit',
      { reports: [{ ...report(smoke), report: { stages: [smoke], dirty: true } }] },
    ],
    ['AC-8', 'short', 'perf looked at one form factor', { reports: replaced({ ...perf, details: { leftOut: ['mobile'] } }) }],
    ['AC-7', 'failed', 'the newest smoke is red', { reports: replaced({ ...smoke, verdict: 'red' }) }],
    ['AC-7', 'unknown', 'nothing was executed', { reports: replaced({ ...smoke, verdict: 'skipped' }) }],
    ['AC-8', 'unknown', 'perf was inconclusive', { reports: replaced({ ...perf, verdict: 'inconclusive' }) }],
    [
      'AC-9',
      'short',
      'the load was half a minute',
      { reports: replaced({ ...load, details: { stages: [{ durationMs: 30_000, vus: 50 }] } }) },
    ],
    ['AC-9', 'short', 'the report does not say how long', { reports: replaced({ ...load, details: null }) }],
    ['AC-9', 'failed', 'the load was red', { reports: replaced({ ...load, verdict: 'red' }) }],
    [
      'AC-10',
      'failed',
      'a critical issue is open',
      { issues: known({ repository: 'a/b', labels: ['critical'], open: [{ number: 1, title: 'x', label: 'critical' }] }) },
    ],
    ['AC-10', 'unknown', 'nobody could say', { issues: unknown }],
    [
      'AC-11',
      'unknown',
      'no check looked for a log line',
      { reports: replaced(stage('smoke', [green('health'), green('sentry')], { profile: 'full' })) },
    ],
    ['AC-11', 'failed', 'Sentry tells nobody', { alerting: known({ projects: ['a/b'], rules: [] }) }],
    ['AC-11', 'unknown', 'Sentry could not say whom it tells', { alerting: unknown }],
    ['AC-12', 'unknown', 'nobody has said so', { attestations: [] }],
    ['AC-12', 'failed', 'its page is out of date, whoever says what', { reports: [report({ ...stage('docs', []), verdict: 'red' })] }],
    ['AC-12', 'unknown', 'somebody said so of another commit', { attestations: [attestation('AC-12', 'f'.repeat(40))] }],
    ['AC-13', 'failed', 'nobody approved', { review: known({ pullRequest: 7, approvedBy: [], changesRequestedBy: [], headSha: commit }) }],
    [
      'AC-13',
      'failed',
      'one asks for changes',
      { review: known({ pullRequest: 7, approvedBy: ['a'], changesRequestedBy: ['b'], headSha: commit }) },
    ],
    [
      'AC-13',
      'failed',
      'the approval is of another commit',
      { review: known({ pullRequest: 7, approvedBy: ['a'], changesRequestedBy: [], headSha: 'f'.repeat(40) }) },
    ],
    ['FR-8', 'unknown', 'there was no drill', { reports: without('rollback-drill') }],
    ['FR-8', 'unknown', 'no migration was rehearsed', { reports: without('migrate-check') }],
    ['FR-8', 'short', 'the migrations were read alone', { reports: replaced({ ...rehearsal, details: { pending: [], proofs: [] } }) }],
    ['FR-8', 'failed', 'a migration does not lead back', { reports: replaced({ ...rehearsal, verdict: 'red' }) }],
    [
      'FR-8',
      'unknown',
      'other migrations were rehearsed',
      { reports: replaced({ ...rehearsal, details: { proofs: [{ version: '2' }] } }) },
    ],
    ['NFR-performance', 'unknown', 'production’s budgets are not known', { reports: replaced(stage('perf', [green('home')])) }],
    ['NFR-reliability', 'unknown', 'nobody watched', { reports: without('watch') }],
    [
      'NFR-isolation',
      'failed',
      'something is shared',
      { isolation: known([{ id: 'redis', title: 'Redis', verdict: 'fail', evidence: 'the same', expected: 'another', fix: null }]) },
    ],
    ['NFR-isolation', 'unknown', 'nothing was looked at', { isolation: known([]) }],
    ['NFR-cost', 'failed', 'it costs too much', { plan: known({ ...plan, cost: { ...plan.cost, verdict: 'over' } }) }],
    ['NFR-cost', 'unknown', 'a price is unknown', { plan: known({ ...plan, cost: { ...plan.cost, verdict: 'unknown' } }) }],
  ])('%s is %s when %s, and the release does not pass', (id, verdict, _why, change) => {
    const facts = { ...good, ...change };
    const entries = judgeLedger(facts);

    expect(verdictOf(facts, id)).toBe(verdict);
    expect(
      gateRefusal({ commit: facts.commit, environment: 'staging', target: 'cloud', passed: false, entries, judgedAt: '' }, undefined),
    ).toMatchObject({
      kind: 'red',
      code: 'GATE_RED',
      message: expect.stringContaining(id),
    });
  });

  it('counts an older run of the commit itself when a newer one went by changes that are in no commit', () => {
    const changed = { ...report({ ...smoke, verdict: 'red' as const }), evidence };
    const facts = { ...good, reports: [{ ...changed, report: { ...changed.report, configurationChanged: true } }, ...good.reports] };

    expect(verdictOf(facts, 'AC-7')).toBe('passed');
  });

  it('tells a run of chosen checks from a configuration that names none, in what to do', () => {
    const fixOf = (details: object) =>
      judgeLedger({ ...good, reports: replaced(stage('smoke', [green('health')], { profile: 'full', ...details })) }).find(
        ({ id }) => id === 'AC-11',
      )?.fix;

    expect(fixOf({ leftOut: ['sentry', 'logs'] })).toBe('Run `jv-staging smoke` whole: the newest run is short (left out: sentry, logs).');
    expect(fixOf({})).toBe('Add checks of the kinds `sentry` and `logs` to `smoke.checks`, and run `jv-staging smoke`.');
  });

  it('says what mends an entry in commands that can be pasted', () => {
    const fixOf = (id: string, change: Partial<GateFacts>, target?: 'local') =>
      fixesFor(judgeLedger({ ...good, attestations: [], ...change }), target).find((one) => one.id === id)?.fix;
    const [newest] = status.releases;
    const uncommitted = known({ ...status, releases: newest === undefined ? [] : [{ ...newest, dirty: true }] });
    const shared = (id: string, fix: string) => ({ id, title: id, verdict: 'unknown' as const, evidence: '', expected: '', fix });
    const isolation = known([shared('database', 'Name `a`.'), shared('redis', 'Name `b`.')]);

    expect(fixOf('AC-1', { status: uncommitted })).toContain('Commit your changes (`git init` first');
    expect(fixOf('FR-1', { status: uncommitted })).toContain('run `jv-staging up` again');
    expect(fixOf('AC-4', { reports: without('seed') }, 'local')).toContain('`jv-staging seed --target local`');
    expect(fixOf('AC-9', { reports: without('load') })).toContain('`jv-staging load --profile full`');
    expect(fixOf('AC-12', {})).toMatch(
      /`jv-staging docs`, commit the page, run `jv-staging up` for that commit, then `jv-staging docs --check`/,
    );
    expect(fixOf('AC-13', { review: unknown })).toMatch(/^Ask again\. Or: Add \{"entry":"AC-13"/);
    expect(fixOf('NFR-performance', { reports: replaced(stage('perf', [green('home')])) })).toContain('`production.budgets`');
    expect(fixOf('FR-4', { isolation })).toBe('Name `a`. Name `b`.');
  });

  it('lets a seed of nothing pass where the configuration wants it', () => {
    const reports = replaced(stage('seed', [green('users')], { tables: [], entries: [] }));

    expect(verdictOf({ ...good, reports, seedMayBeEmpty: true }, 'AC-4')).toBe('passed');
  });

  it('lets a person settle what is unknown, never what was measured and failed, nor what must be measured', () => {
    const said = (entry: string, change: Partial<GateFacts>) =>
      verdictOf({ ...good, ...change, attestations: [attestation(entry)] }, entry);

    expect(said('AC-13', { review: unknown })).toBe('attested');
    expect(said('AC-13', { review: known({ pullRequest: 7, approvedBy: [], changesRequestedBy: [], headSha: commit }) })).toBe('failed');
    expect(said('AC-7', { reports: without('smoke') })).toBe('unknown');
  });
});

describe('how long a ramp holds its users', () => {
  it('takes a page that is current for documentation, without anybody’s word', () => {
    const entries = judgeLedger({ ...good, attestations: [], reports: [report(stage('docs', [green('page')]))] });

    expect(entries.find(({ id }) => id === 'AC-12')).toMatchObject({ verdict: 'passed', evidence: [evidence] });
  });

  it.each([
    ['the original plan’s', builtInProfiles.full, 50, 120_000],
    [
      'one that only touches them',
      [
        { durationMs: 60_000, vus: 50 },
        { durationMs: 60_000, vus: 0 },
      ],
      50,
      0,
    ],
    [
      'one that goes beyond',
      [
        { durationMs: 100_000, vus: 100 },
        { durationMs: 20_000, vus: 100 },
      ],
      50,
      70_000,
    ],
    ['none', [], 50, 0],
  ])('%s', (_name, stages, vus, expected) => {
    expect(heldMs(stages, vus)).toBe(expected);
  });
});
