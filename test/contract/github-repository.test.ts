import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { githubRepository } from '../../src/adapters/github/github-api.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { startGithub, type GithubService } from '../../src/local/github/service.ts';
import { Octokit } from '../clients/vendors.ts';
import { startTestVendor, type TestVendor } from '../support/side-vendor.ts';

const at = { owner: 'jetvision', repo: 'jetvision-assistant' } as const;
const { signal } = new AbortController();
let github: TestVendor<GithubService>;

beforeAll(async () => {
  github = await startTestVendor(startGithub);
});
afterAll(() => github.stop());

const vendorsOwn = () => new Octokit({ auth: github.service().repository.token, baseUrl: github.url() });
const ours = (token = github.service().repository.token, repository = 'jetvision/jetvision-assistant') =>
  githubRepository({ token, repository, localUrl: github.url(), clock: systemClock });

describe('the repository of the gate', () => {
  it('finds the open issues of each severity once, over several pages, and no closed one', async () => {
    const octokit = vendorsOwn();
    for (let index = 0; index < 103; index += 1)
      await octokit.issues.create({ ...at, title: `high ${index}`, labels: index === 0 ? ['high', 'critical'] : ['high'] });
    const { data: closed } = await octokit.issues.create({ ...at, title: 'mended', labels: ['critical'] });
    await octokit.issues.update({ ...at, issue_number: closed.number, state: 'closed' });

    const found = await ours().openIssues(['critical', 'high'], signal);

    expect(found.open).toHaveLength(103);
    expect(found.open[0]).toMatchObject({ title: 'high 0' });
    expect(found.open.map(({ title }) => title)).not.toContain('mended');
  });

  it('takes of each reviewer the newest word, and a comment for none', async () => {
    const octokit = vendorsOwn();
    const { data: pull } = await octokit.pulls.create({ ...at, title: 'Release', head: 'develop', base: 'main' });
    const review = async (event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT') =>
      octokit.pulls.createReview({ ...at, pull_number: pull.number, event, body: 'word' });

    const before = await ours().reviews(pull.number, signal);
    await review('REQUEST_CHANGES');
    const asked = await ours().reviews(pull.number, signal);
    await review('APPROVE');
    await review('COMMENT');
    const approved = await ours().reviews(pull.number, signal);

    expect(before).toEqual({ pullRequest: pull.number, approvedBy: [], changesRequestedBy: [], headSha: pull.head.sha });
    expect(asked).toMatchObject({ approvedBy: [], changesRequestedBy: [expect.any(String)] });
    expect(approved).toMatchObject({ approvedBy: [expect.any(String)], changesRequestedBy: [] });
  });

  it('says what is wrong with a token, and never the token', async () => {
    const refused = ours('wrong-canary-token').openIssues(['high'], signal);

    await expect(refused).rejects.toMatchObject({
      code: expect.stringMatching(/^GITHUB_/),
      message: expect.not.stringContaining('canary'),
    });
  });

  it('does not take a repository that is not there for one without issues', async () => {
    await expect(ours(undefined, 'jetvision/other').openIssues(['high'], signal)).rejects.toMatchObject({
      code: expect.stringMatching(/^GITHUB_/),
    });
  });
});
