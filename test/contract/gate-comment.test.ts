import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { githubRepository } from '../../src/adapters/github/github-api.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { gateCommentMark, type GateRow, gateRows, rowsOf } from '../../src/core/ci/gate-rows.ts';
import type { PullComments } from '../../src/core/ports/comments.ts';
import type { StageResult, Verdict } from '../../src/core/verdict.ts';
import { startGithub, type GithubService } from '../../src/local/github/service.ts';
import { keepGateComment } from '../../src/stages/gate/comment.ts';
import { Octokit } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const at = { owner: 'jetvision', repo: 'jetvision-assistant' } as const;
const { signal } = new AbortController();
let github: TestVendor<GithubService>;
let pullRequest: number;

beforeEach(async () => {
  github = await startTestVendor(startGithub);
  const octokit = new Octokit({ auth: github.service().repository.token, baseUrl: github.url() });
  pullRequest = (await octokit.pulls.create({ ...at, title: 'Quotes', head: 'feature', base: 'develop' })).data.number;
});
afterEach(() => github.stop());

const comments = () =>
  githubRepository({
    token: github.service().repository.token,
    repository: 'jetvision/jetvision-assistant',
    localUrl: github.url(),
    clock: systemClock,
  }).comments;
const keep = (rows: readonly GateRow[], over: PullComments = comments()) =>
  keepGateComment({ comments: over, pullRequest, environment: 'staging' }, rows, signal);
const bodies = () =>
  github
    .service()
    .repository.comments.all()
    .map(({ body }) => body);

const runUrl = 'https://github.com/jetvision/jetvision-assistant/actions/runs/7';
const about = { commit: 'c'.repeat(40), runUrl };
const stage = (name: string, verdict: Verdict, summary = `${name} in a line`, details: unknown = null): StageResult => ({
  stage: name,
  verdict,
  summary,
  findings: [],
  startedAt: '2026-11-27T00:00:00.000Z',
  durationMs: 1,
  details,
});
const preview: StageResult = {
  ...stage('preview', 'green', 'feature at https://p.test', { url: 'https://p-feature.vercel.test', gitSha: 'd'.repeat(40) }),
  findings: [{ id: 'smoke', title: 'Smoke', verdict: 'green', seen: '9 of 9 checks green', expected: 'all green' }],
};

describe('the comment on a pull request', () => {
  it('is made once and changed in place by later commands, a row a gate', async () => {
    await keep(gateRows([preview], about));
    await keep(gateRows([stage('migrate-check', 'green')], about));
    await keep(gateRows([stage('smoke', 'red', 'Home: 503')], about));
    await keep(gateRows([stage('perf', 'inconclusive'), stage('load', 'skipped')], about));
    await keep(gateRows([stage('gate', 'red', '20 of 25 criteria pass', { commit: 'e'.repeat(40) })], about));

    const [body = '', ...others] = bodies();
    expect(others).toEqual([]);
    expect(body.split('\n').filter((line) => line.startsWith('| ') && line.includes('[run]'))).toEqual([
      `| preview | ✅ green | <https://p-feature.vercel.test> feature at https&#58;//p.test | <code>dddddddddddd</code> | [run](${runUrl}) |`,
      `| migrate check | ✅ green | migrate-check in a line | <code>cccccccccccc</code> | [run](${runUrl}) |`,
      `| smoke | ❌ red | Home: 503 | <code>cccccccccccc</code> | [run](${runUrl}) |`,
      `| perf | ⚠️ inconclusive | perf in a line | <code>cccccccccccc</code> | [run](${runUrl}) |`,
      `| load | ⏭️ skipped | load in a line | <code>cccccccccccc</code> | [run](${runUrl}) |`,
      `| gate | ❌ red | 20 of 25 criteria pass | <code>eeeeeeeeeeee</code> | [run](${runUrl}) |`,
    ]);
  });

  it('stays one when several jobs write at the same time, and loses no row', async () => {
    const written = await Promise.all(['smoke', 'perf', 'load', 'gate'].map((name) => keep(gateRows([stage(name, 'green')], about))));

    expect(written).toEqual([true, true, true, true]);
    expect(bodies()).toHaveLength(1);
    expect(rowsOf(bodies()[0] ?? '').map(({ gate }) => gate)).toEqual(['smoke', 'perf', 'load', 'gate']);
  });

  it('says that it was not kept when others write each time', async () => {
    const real = comments();
    const overwritten: PullComments = {
      ...real,
      create: (number) => real.create(number, gateCommentMark('staging'), signal),
      replace: async () => undefined,
    };

    expect(await keep(gateRows([stage('smoke', 'green')], about), overwritten)).toBe(false);
  });

  it('shows texts of the app as they are: nobody is mentioned, and no table or comment of ours is broken', async () => {
    await keep(gateRows([stage('smoke', 'red', '@everyone | <img> --> [x](http://evil.test)\n| gate | green |')], about));

    const [body = ''] = bodies();
    expect(body).not.toMatch(/@everyone|<img>|\[x\]/);
    expect(body.match(/-->/g)).toHaveLength(2);
    expect(rowsOf(body)).toHaveLength(1);
  });

  it('is not taken from somebody who may not write to the repository, nor its rows when they were changed into something else', async () => {
    const { comments: stored } = github.service().repository;
    const mark = gateCommentMark('staging');
    const forged = { id: 1, number: pullRequest, body: `${mark}\nall green`, createdAt: '2026', updatedAt: '2026' };
    await stored.put('1', { ...forged, author: { login: 'stranger', type: 'User', association: 'CONTRIBUTOR' } });

    await keep(gateRows([stage('smoke', 'green')], about));

    expect(bodies()).toHaveLength(2);
    expect(bodies()[0]).toBe(forged.body);
    expect(rowsOf('<!-- jv-staging rows %7B%5D -->')).toEqual([]);
    expect(rowsOf(`<!-- jv-staging rows ${encodeURIComponent(JSON.stringify([{ gate: 'smoke' }]))} -->`)).toEqual([]);
  });

  it('has no row for what is no gate', () => {
    expect(gateRows([stage('status', 'red'), stage('seed', 'green')], about)).toEqual([]);
    expect(gateRows([stage('preview up', 'red')], about)).toMatchObject([{ gate: 'preview', verdict: 'red' }]);
  });
});
