import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { githubRepository } from '../../src/adapters/github/github-api.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { createRedactor, mapTexts } from '../../src/core/redaction.ts';
import type { CheckIssue } from '../../src/core/issues/issues.ts';
import type { RunReport } from '../../src/core/report.ts';
import { failedStage } from '../../src/core/run/failed-stage.ts';
import { runSteps } from '../../src/core/run/run-steps.ts';
import type { Finding, StageResult, Verdict } from '../../src/core/verdict.ts';
import { StagingError } from '../../src/core/errors.ts';
import { startGithub, type GithubService } from '../../src/local/github/service.ts';
import { issuesRun } from '../../src/stages/issues.ts';
import { Octokit } from '../clients/vendors.ts';
import { sampleReport } from '../support/sample-report.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const at = { owner: 'jetvision', repo: 'jetvision-assistant' } as const;
const labels = ['critical', 'high'];
let github: TestVendor<GithubService>;
let kept: readonly CheckIssue[];

beforeEach(async () => {
  github = await startTestVendor(startGithub);
  kept = [];
});
afterEach(() => github.stop());

const person = () => new Octokit({ auth: github.service().repository.token, baseUrl: github.url() });
const repository = () =>
  githubRepository({
    token: github.service().repository.token,
    repository: 'jetvision/jetvision-assistant',
    localUrl: github.url(),
    clock: systemClock,
  });
const issues = () => github.service().repository.items.all();

const finding = (id: string, verdict: Verdict): Finding => ({
  id,
  title: `The ${id}`,
  verdict,
  seen: verdict === 'green' ? '200' : '503 @everyone',
  expected: '200',
  fix: 'Run `jv-staging smoke`.',
});
const stage = (name: string, checks: Readonly<Record<string, Verdict>>, verdict: Verdict): StageResult => ({
  stage: name,
  verdict,
  summary: `${name} in a line`,
  findings: Object.entries(checks).map(([id, one]) => finding(id, one)),
  startedAt: '2026-11-27T00:00:00.000Z',
  durationMs: 1,
  details: null,
});
const report = (runId: string, ...stages: readonly StageResult[]): RunReport => ({
  ...sampleReport(),
  environment: 'staging',
  runId,
  stages,
});

/** Runs `report --issues` for a report; returns what became of each check. */
async function bringUpToDate(of: RunReport, { dryRun = false, signal = new AbortController().signal } = {}) {
  const client = repository();
  const evidence = {
    file: { file: `reports/${of.runId}/report.json`, sha256: 'a'.repeat(64) },
    jobUrl: 'https://github.com/a/b/actions/runs/7',
  };
  const run = issuesRun(
    {
      labels,
      tracker: async () => client.issues,
      evidence: async () => evidence,
      keep: async (all) => {
        kept = all;
      },
    },
    mapTexts(of, createRedactor(['canary-secret'])),
  );
  const journal = { append: async () => undefined, unfinished: async () => [] };
  try {
    await runSteps(run.steps, { runId: 'r', journal, clock: systemClock, events: () => undefined, signal, dryRun });
  } finally {
    await client.close();
  }
  return Object.fromEntries(run.issues().map((issue) => [issue.check, issue]));
}

const red = report('run_1', stage('smoke', { home: 'red', health: 'green' }, 'red'), stage('perf', { lcp: 'red' }, 'red'));
const green = report('run_2', stage('smoke', { home: 'green', health: 'green' }, 'green'), stage('perf', { lcp: 'green' }, 'green'));

describe('the issues of red checks', () => {
  it('are opened once a red check, by severity, so that the gate sees them, and closed when it is green', async () => {
    const opened = await bringUpToDate(red);
    const seen = await repository().openIssues(labels, new AbortController().signal);
    const again = await bringUpToDate({ ...red, runId: 'run_1a' });
    const closed = await bringUpToDate(green);
    const after = await repository().openIssues(labels, new AbortController().signal);

    expect(opened).toMatchObject({
      'smoke/home': { action: 'opened', severity: 'critical', planned: false, number: 1, resolution: null },
      'perf/lcp': { action: 'opened', severity: 'high', number: 2 },
    });
    expect(Object.keys(opened)).toHaveLength(2);
    expect(seen.open).toEqual([
      { number: 1, title: 'smoke: The home is red on staging', label: 'critical' },
      { number: 2, title: 'perf: The lcp is red on staging', label: 'high' },
    ]);
    expect(again['smoke/home']).toMatchObject({ action: 'updated', number: 1 });
    expect(closed['smoke/home']).toMatchObject({ action: 'closed', number: 1, resolution: 'green in run run_2: 200' });
    expect(kept).toEqual(Object.values(closed));
    expect(after.open).toEqual([]);
    expect(issues().map(({ state, stateReason }) => [state, stateReason])).toEqual([
      ['closed', 'completed'],
      ['closed', 'completed'],
    ]);
  });

  it('say what was seen, with evidence, mention nobody, and hold no secret', async () => {
    const leaking = {
      ...red,
      stages: [{ ...stage('smoke', {}, 'red'), findings: [{ ...finding('home', 'red'), seen: 'canary-secret @everyone <b>' }] }],
    };

    await bringUpToDate(leaking);

    const body = issues()[0]?.body ?? '';
    expect(body).toContain(`<code>reports/run&#95;1/report.json</code>, sha256 <code>${'a'.repeat(64)}</code>`);
    expect(body).toContain('| Job | <https://github.com/a/b/actions/runs/7> |');
    expect(body).toContain('Run <code>jv-staging smoke</code>.');
    expect(body).not.toMatch(/canary|@everyone|<b>/);
  });

  it('keep what people write and the labels that they set, and are opened again when red again', async () => {
    await bringUpToDate(red);
    const octokit = person();
    const { data } = await octokit.issues.get({ ...at, issue_number: 1 });
    await octokit.issues.update({ ...at, issue_number: 1, title: 'Home is down', body: `Looked at it.\n\n${data.body}\nSee the runbook.` });
    await octokit.issues.removeLabel({ ...at, issue_number: 1, name: 'critical' });
    await octokit.issues.addLabels({ ...at, issue_number: 1, labels: ['medium'] });
    await octokit.issues.createComment({ ...at, issue_number: 1, body: 'On it.' });

    await bringUpToDate(green);
    const again = await bringUpToDate({ ...red, runId: 'run_3' });

    const [issue] = issues();
    expect(again['smoke/home']).toMatchObject({ action: 'reopened', number: 1, title: 'Home is down' });
    expect(issue).toMatchObject({ title: 'Home is down', labels: ['medium'], state: 'open' });
    expect(issue?.body).toMatch(
      /^Looked at it\.\n\n<!-- jv-staging check .*run_3 -->[^]*<!-- \/jv-staging check -->\n\nSee the runbook\.$/,
    );
    const comments = await octokit.issues.listComments({ ...at, issue_number: 1 });
    expect(comments.data.map(({ body }) => body)).toEqual(['On it.']);
    expect(issues()).toHaveLength(2);
  });

  it('are not opened a second time after a run that was broken off, nor by an answer that was lost', async () => {
    const broken = new AbortController();
    const many = report('run_1', stage('smoke', { a: 'red', b: 'red', c: 'red' }, 'red'));
    const { items } = github.service().repository;
    const watching = setInterval(() => {
      if (items.all().length > 0) broken.abort(new Error('killed'));
    }, 1);

    await expect(bringUpToDate(many, { signal: broken.signal })).rejects.toThrow();
    clearInterval(watching);
    const left = items.all().length;
    const next = await bringUpToDate({ ...many, runId: 'run_2' });

    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(3);
    expect(Object.values(next).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(items.all()).toHaveLength(3);
  });

  it('are only named under --dry-run', async () => {
    const planned = await bringUpToDate(red, { dryRun: true });

    expect(planned['smoke/home']).toMatchObject({ action: 'opened', planned: true, number: null, url: null });
    expect(issues()).toEqual([]);
    expect(kept).toEqual([]);
  });

  it('stay open for what was not measured, and for a report that is older than what they say', async () => {
    await bringUpToDate({ ...red, runId: 'run_5' });

    await bringUpToDate(
      report('run_6', stage('smoke', { health: 'green' }, 'green'), stage('perf', { lcp: 'inconclusive' }, 'inconclusive')),
    );
    const older = await bringUpToDate(green);

    expect(issues().map(({ state }) => state)).toEqual(['open', 'open']);
    expect(older['smoke/home']).toMatchObject({ action: 'unchanged', resolution: null });
  });

  it('are one for a stage that an error ended, whatever the error, until the stage is green', async () => {
    const broken = (code: string) =>
      failedStage({ stage: 'load', result: undefined, atMs: 0 }, new StagingError('red', code, 'It broke.'), systemClock);

    await bringUpToDate(report('run_1', broken('LOAD_TARGET_UNREACHABLE')));
    await bringUpToDate(report('run_2', broken('LOAD_BROKE_OFF')));
    const after = await bringUpToDate(report('run_3', stage('load', { p95: 'green' }, 'green')));

    expect(after).toMatchObject({ load: { action: 'closed', number: 1 } });
    expect(issues()).toHaveLength(1);
  });

  it('have none for the ledger itself: an open one of AC-10 would keep AC-10 red', async () => {
    expect(await bringUpToDate(report('run_1', stage('gate', { 'ac-10': 'red' }, 'red')))).toEqual({});
  });

  it('are not taken from somebody who may not write to the repository: anybody can copy a mark', async () => {
    await bringUpToDate(red);
    const { items } = github.service().repository;
    const [mine] = issues();
    const stranger = { login: 'stranger', type: 'User', association: 'NONE' } as const;
    if (mine !== undefined) await items.put('1', { ...mine, author: stranger });

    const again = await bringUpToDate({ ...red, runId: 'run_2' });

    expect(again['smoke/home']).toMatchObject({ action: 'opened', number: 3 });
  });
});
