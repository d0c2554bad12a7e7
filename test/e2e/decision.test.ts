import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Octokit } from '../clients/vendors.ts';
import { sampleReport } from '../support/sample-report.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';
import { until } from '../support/until.ts';

const at = { owner: 'jetvision', repo: 'jetvision-assistant' } as const;
const variables = z.object({ GITHUB_API_URL: z.string(), GITHUB_TOKEN: z.string(), SENTRY_URL: z.string(), SENTRY_AUTH_TOKEN: z.string() });
const reported = z.object({
  runId: z.string(),
  issues: z.array(z.object({ check: z.string(), action: z.string(), planned: z.boolean(), number: z.number().nullable() })),
});
const ledger = z.object({
  details: z.object({ entries: z.array(z.object({ id: z.string(), verdict: z.string(), seen: z.string() })) }),
});

let project: StagingProject;
let octokit: Octokit;
let vendors: z.infer<typeof variables>;

beforeAll(async () => {
  project = await createStagingProject();
  expect(await project.run(['local', 'start', '--json'])).toMatchObject({ exitCode: 0 });
  vendors = (await project.run(['local', 'env', '--json'])).json(variables).data;
  octokit = new Octokit({ auth: vendors.GITHUB_TOKEN, baseUrl: vendors.GITHUB_API_URL });
}, 120_000);
afterAll(() => project.remove());

/** Keeps a report of a smoke with these checks, as a run of the tool would. */
async function keepReport(runId: string, checks: Readonly<Record<string, 'green' | 'red'>>): Promise<void> {
  const findings = Object.entries(checks).map(([id, verdict]) => ({ id, title: `Check ${id}`, verdict, seen: '503', expected: '200' }));
  const verdict = findings.some((one) => one.verdict === 'red') ? 'red' : 'green';
  const stage = { stage: 'smoke', verdict, summary: 'said', findings, startedAt: '2026-11-27T00:00:00.000Z', durationMs: 1, details: null };
  const report = {
    ...sampleReport(),
    environment: 'staging',
    target: 'local',
    command: 'smoke',
    runId,
    verdict,
    stages: [stage],
    notRun: [],
  };
  await mkdir(join(project.stateDir, 'reports', runId), { recursive: true });
  await writeFile(join(project.stateDir, 'reports', runId, 'report.json'), JSON.stringify(report));
}

const issues = async () => (await octokit.issues.listForRepo({ ...at, state: 'all', direction: 'asc', per_page: 100 })).data;
const all = (verdict: 'green' | 'red') => Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`c${index}`, verdict]));

describe('report --issues', () => {
  it('says under --dry-run what it would do, and does nothing', async () => {
    await keepReport('run_a', all('red'));

    const run = await project.run(['report', '--issues', '--dry-run', '--json']);

    expect(run.exitCode, run.stdout).toBe(0);
    const { issues: planned } = run.json(reported).data;
    expect(planned.map(({ action, planned: is, number }) => [action, is, number])).toEqual(
      Array.from({ length: 12 }, () => ['opened', true, null]),
    );
    expect(await issues()).toEqual([]);
  });

  it('opens one issue a red check, and no second one after a run that was killed midway', async () => {
    const running = project.start(['report', '--issues', '--json']);
    await until('a first issue', async () => ((await issues()).length > 0 ? true : undefined));
    running.signal('SIGKILL');
    await running.done;
    const left = (await issues()).length;

    const run = await project.run(['report', '--issues']);

    expect(run.exitCode, run.stderr).toBe(0);
    expect(left).toBeLessThanOrEqual(12);
    const found = await issues();
    expect(found.map(({ title }) => title).toSorted()).toEqual(
      Object.keys(all('red'))
        .map((id) => `smoke: Check ${id} is red on staging`)
        .toSorted(),
    );
    expect(new Set(found.flatMap(({ labels }) => labels.map((label) => (typeof label === 'string' ? label : label.name))))).toEqual(
      new Set(['critical']),
    );
    expect(run.stdout).toContain('Issues');
    expect(run.stdout).toMatch(/smoke: Check c11 is red on staging: #\d+ (?:opened as critical|is as it should be|updated)/);
  });

  it('keeps AC-10 of the gate red by their severity, lists them in the report, and lets it pass once they are closed', async () => {
    const red = (await project.run(['gate', '--json'])).json(ledger).data.details.entries.find(({ id }) => id === 'AC-10');
    await keepReport('run_b', all('green'));
    const closing = (await project.run(['report', 'run_b', '--issues', '--json'])).json(reported).data.issues;
    const green = (await project.run(['gate', '--json'])).json(ledger).data.details.entries.find(({ id }) => id === 'AC-10');
    const page = await project.run(['report', 'run_b', '--format', 'md']);
    const html = await project.run(['report', 'run_b', '--format', 'html']);

    expect(red).toMatchObject({ verdict: 'failed', seen: expect.stringContaining('smoke: Check c0 is red on staging (critical)') });
    expect(closing.map(({ action }) => action)).toEqual(Array(12).fill('closed'));
    expect(green).toMatchObject({ verdict: 'passed' });
    expect(page.stdout).toMatch(/### Issues\n\n\| Check +\| Issue +\| Resolution +\|/);
    expect(page.stdout).toContain('green in run run&#95;b');
    expect(html.stdout).toContain('<h2 id="issues">Issues</h2>');
    expect((await issues()).every(({ state }) => state === 'closed')).toBe(true);
  });
});

describe('a job of GitHub Actions that runs for a pull request', () => {
  it('keeps one comment with a row a gate, and fails in words where it may not', async () => {
    const { data: pull } = await octokit.pulls.create({ ...at, title: 'Release', head: 'develop', base: 'main' });
    const env = {
      GITHUB_ACTIONS: 'true',
      GITHUB_REF: `refs/pull/${pull.number}/merge`,
      GITHUB_REPOSITORY: 'jetvision/jetvision-assistant',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: '77',
    };
    const comments = async () =>
      (await octokit.issues.listComments({ ...at, issue_number: pull.number })).data.map(({ body }) => body ?? '');

    const gate = await project.run(['gate', '--json'], { env });
    const smoke = await project.run(['smoke', '--json'], { env });
    const again = await project.run(['gate', '--json'], { env });
    const nowhere = await project.run(['gate'], { env: { ...env, GITHUB_REF: 'refs/pull/9999/merge' } });
    const onPush = await project.run(['gate', '--json'], { env: { ...env, GITHUB_REF: 'refs/heads/develop' } });

    expect([gate.exitCode, again.exitCode, onPush.exitCode, nowhere.exitCode]).toEqual([5, 5, 5, 5]);
    expect(smoke.exitCode).toBe(3);
    const [body = '', ...others] = await comments();
    expect(others).toEqual([]);
    expect(body).toMatch(/\| gate \| ❌ red \| \d+ of 25 criteria pass for commit [0-9a-f]{12} \|/);
    expect(body).toMatch(/\| smoke \| ❌ red \|/);
    expect(body).toContain('[run](https://github.com/jetvision/jetvision-assistant/actions/runs/77)');
    expect(nowhere.stderr).toContain('The comment on pull request 9999 is not up to date: GitHub');
  });
});

describe('AC-11', () => {
  it('says that Sentry tells nobody until there is an alert rule, and gate --markdown has it under Testing', async () => {
    const before = await project.run(['gate', '--markdown']);
    await fetch(`${vendors.SENTRY_URL}/api/0/projects/jetvision/jetvision-staging/rules/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${vendors.SENTRY_AUTH_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Tell the team', actionMatch: 'any', frequency: 5, conditions: [], actions: [{ id: 'mail' }] }),
    });
    const after = await project.run(['gate', '--markdown']);

    expect([before.exitCode, after.exitCode]).toEqual([5, 5]);
    const testing = (text: string) => /\*\*Testing:\*\*\n[^]*?\n\n/.exec(text)?.[0] ?? '';
    expect(testing(before.stdout)).toContain('- ❌ AC-11');
    expect(before.stdout).toContain('Alerts: no active rule of jetvision/jetvision-staging tells anybody');
    expect(after.stdout).not.toContain('Alerts: no active rule');
  });
});
