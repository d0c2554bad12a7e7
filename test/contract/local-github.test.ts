import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGithub, type GithubService } from '../../src/local/github/service.ts';
import { Octokit } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const at = { owner: 'jetvision', repo: 'jetvision-assistant' } as const;
const sha = 'a'.repeat(40);

let github: TestVendor<GithubService>;

beforeAll(async () => {
  github = await startTestVendor(startGithub);
});

afterAll(() => github.stop());

function client(token = github.service().repository.token): Octokit {
  const quiet = () => undefined;
  return new Octokit({ auth: token, baseUrl: github.url(), log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
}

it('finds issues by their labels: created, updated, closed, over a restart', async () => {
  const { data: made } = await client().issues.create({ ...at, title: 'Staging is red', body: 'p95', labels: ['jv-staging', 'perf'] });
  await client().issues.create({ ...at, title: 'Other', labels: ['other'] });
  await client().issues.update({ ...at, issue_number: made.number, body: 'p95 again' });
  const open = await client().issues.listForRepo({ ...at, labels: 'jv-staging,perf' });
  await client().issues.addLabels({ ...at, issue_number: made.number, labels: ['seen'] });
  await client().issues.update({ ...at, issue_number: made.number, state: 'closed' });
  await github.restart();
  const still = await client().issues.listForRepo({ ...at, labels: 'jv-staging' });
  const { data: closed } = await client().issues.get({ ...at, issue_number: made.number });

  expect(open.data.map(({ title, body }) => [title, body])).toEqual([['Staging is red', 'p95 again']]);
  expect(still.data).toEqual([]);
  expect(closed).toMatchObject({ state: 'closed', state_reason: 'completed', closed_at: expect.any(String) });
  expect(closed.labels).toMatchObject([{ name: 'jv-staging' }, { name: 'perf' }, { name: 'seen' }]);
});

it('pages lists as the client follows them', async () => {
  for (let index = 0; index < 7; index += 1) await client().issues.create({ ...at, title: `paged ${index}`, labels: ['paged'] });
  const all = await client().paginate(client().issues.listForRepo, { ...at, labels: 'paged', per_page: 3 });

  expect(all.map(({ title }) => title)).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `paged ${index}`));
});

it('shows the newest status of each context, and what they come to together', async () => {
  const set = (state: 'pending' | 'success' | 'failure', context: string) =>
    client().repos.createCommitStatus({ ...at, sha, state, context });
  const combined = async () => (await client().repos.getCombinedStatusForRef({ ...at, ref: sha })).data;
  const none = (await combined()).state;
  await set('pending', 'jv-staging/perf');
  await set('success', 'jv-staging/smoke');
  const running = (await combined()).state;
  await set('success', 'jv-staging/perf');
  const green = await combined();
  await set('failure', 'jv-staging/smoke');

  expect([none, running, green.state, (await combined()).state]).toEqual(['pending', 'pending', 'success', 'failure']);
  expect(green.total_count).toBe(2);
  expect((await client().repos.listCommitStatusesForRef({ ...at, ref: sha })).data.length).toBe(4);
});

it('keeps a comment of a pull request up to date, and its reviews', async () => {
  const { data: pull } = await client().pulls.create({ ...at, title: 'Change', head: 'feature', base: 'main' });
  const { data: comment } = await client().issues.createComment({ ...at, issue_number: pull.number, body: 'running' });
  await client().issues.updateComment({ ...at, comment_id: comment.id, body: 'green' });
  await client().pulls.createReview({ ...at, pull_number: pull.number, event: 'REQUEST_CHANGES', body: 'no' });
  await client().pulls.createReview({ ...at, pull_number: pull.number, event: 'APPROVE' });
  const comments = await client().issues.listComments({ ...at, issue_number: pull.number });
  const reviews = await client().pulls.listReviews({ ...at, pull_number: pull.number });
  const found = await client().pulls.list({ ...at, head: 'jetvision:feature' });

  expect(comments.data.map(({ body }) => body)).toEqual(['green']);
  expect(reviews.data.map(({ state }) => state)).toEqual(['CHANGES_REQUESTED', 'APPROVED']);
  expect(found.data.map(({ number }) => number)).toEqual([pull.number]);
});

it('numbers what comes at once apart', async () => {
  const { data: issue } = await client().issues.create({ ...at, title: 'Many comments' });
  const many = Array.from({ length: 20 }, (_, index) =>
    client().issues.createComment({ ...at, issue_number: issue.number, body: `${index}` }),
  );
  await Promise.all([
    ...many,
    ...Array.from({ length: 5 }, () => client().issues.create({ ...at, title: 'at once', labels: ['at-once'] })),
  ]);
  const kept = await client().issues.listComments({ ...at, issue_number: issue.number });
  const issues = await client().issues.listForRepo({ ...at, labels: 'at-once' });

  expect(new Set(kept.data.map(({ body }) => body)).size).toBe(20);
  expect(new Set(issues.data.map(({ number }) => number)).size).toBe(5);
});

it('refuses in the shape of the vendor', async () => {
  const statusOf = (call: Promise<unknown>) =>
    call.then(() => undefined).catch((error: { status: number; response: { data: unknown } }) => [error.status, error.response.data]);

  expect(await statusOf(client('wrong').issues.listForRepo(at))).toMatchObject([401, { message: 'Bad credentials' }]);
  expect(await statusOf(client().issues.listForRepo({ owner: 'jetvision', repo: 'other' }))).toMatchObject([404, { message: 'Not Found' }]);
  expect(await statusOf(client().issues.get({ ...at, issue_number: 9999 }))).toMatchObject([404, { message: 'Not Found', status: '404' }]);
  expect(await statusOf(client().issues.create({ ...at, title: '' }))).toMatchObject([
    422,
    { message: 'Validation Failed', errors: [{ resource: 'Issue', field: 'title', code: 'missing_field' }] },
  ]);
  expect(await statusOf(client().repos.listBranches(at))).toMatchObject([404, { message: expect.stringContaining('not emulated') }]);
});
