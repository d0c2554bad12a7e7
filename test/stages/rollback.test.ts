import { beforeEach, describe, expect, it } from 'vitest';
import { fakeAppSource } from '../fakes/records.ts';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

let world: StageWorld;

const domainUrl = 'https://staging.jet.test';

beforeEach(async () => {
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
});

async function deployed(sha: string): Promise<void> {
  expect((await world.deploy({ source: fakeAppSource({ sha: sha.repeat(40) }) })).error).toBeUndefined();
  takeCalls(world);
}

describe('after two releases', () => {
  beforeEach(async () => {
    await deployed('a');
    await deployed('b');
  });

  it('moves the domain back, smokes the earlier commit there, then records', async () => {
    const { error, result } = await world.rollback();

    expect(error).toBeUndefined();
    expect(world.calls).toEqual(['roll back to dpl_1', `smoke ${domainUrl} for aaaaaa of dpl_1`, 'record rel_3']);
    expect(await world.domain()).toEqual({ live: 'dpl_1', autoAssign: false });
    expect(world.database.history.at(-1)).toMatchObject({
      id: 'rel_3',
      kind: 'rollback',
      gitSha: 'a'.repeat(40),
      vercelDeploymentId: 'dpl_1',
      previous: 'rel_2',
      gates: [{ gate: 'smoke-domain', verdict: 'green' }],
    });
    expect(result).toMatchObject({ verdict: 'green', details: { releaseId: 'rel_3', from: 'rel_2', to: 'rel_1', deploymentId: 'dpl_1' } });
  });

  it.each([
    ['red', 'SMOKE_RED', 5],
    ['inconclusive', 'SMOKE_INCONCLUSIVE', 9],
  ] as const)('records where the domain is before it ends with a %s smoke', async (verdict, code, exitCode) => {
    world.smokeVerdicts.set(domainUrl, verdict);

    const { error, outcomes, result } = await world.rollback();

    expect(error).toMatchObject({ code, exitCode });
    expect(world.calls.at(-1)).toBe('record rel_3');
    expect(outcomes.slice(-2)).toEqual(['record done', 'verdict failed']);
    expect(world.database.history.at(-1)).toMatchObject({ kind: 'rollback', gates: [{ gate: 'smoke-domain', verdict }] });
    expect((await world.domain()).live).toBe('dpl_1');
    expect(result?.verdict).toBe(verdict);
  });

  it('goes to the release that is named, also forward again', async () => {
    await world.rollback();
    takeCalls(world);

    const { error } = await world.rollback('rel_2');

    expect(error).toBeUndefined();
    expect(world.calls[0]).toBe('roll back to dpl_2');
    expect(world.database.history.at(-1)).toMatchObject({ id: 'rel_4', previous: 'rel_3', vercelDeploymentId: 'dpl_2' });
  });

  it('goes one further back when it is run again, and says when there is nothing before', async () => {
    await deployed('c');

    const ways = [await world.rollback(), await world.rollback()].map(({ result }) => `${result?.details.from} to ${result?.details.to}`);
    takeCalls(world);
    const { error } = await world.rollback();

    expect(ways).toEqual(['rel_3 to rel_2', 'rel_4 to rel_1']);
    expect((await world.domain()).live).toBe('dpl_1');
    expect(error).toMatchObject({ kind: 'missing', code: 'RELEASE_NO_PREVIOUS', exitCode: 3 });
    expect(world.calls).toEqual([]);
  });

  it('says that the domain did not move, and records nothing', async () => {
    const rollback = async () => undefined;

    const { error } = await world.rollback(undefined, { moves: { ...world.hosting.moves, rollback } });

    expect(error).toMatchObject({
      kind: 'vendor',
      code: 'ROLLBACK_DOMAIN_NOT_MOVED',
      message: 'staging.jet.test points to dpl_2, expected dpl_1.',
    });
    expect(world.database.history).toHaveLength(2);
  });

  it.each(['canceled', 'error', 'pruned'] as const)('refuses a deployment that is %s now', async (state) => {
    const { find, ...others } = world.hosting.deployments;
    const gone = async (...args: Parameters<typeof find>) => {
      const deployment = await find(...args);
      return deployment === undefined || state === 'pruned' ? undefined : { ...deployment, state };
    };

    const { error } = await world.rollback(undefined, { deployments: { ...others, find: gone } });

    expect(error).toMatchObject({ kind: 'refused', code: 'ROLLBACK_DEPLOYMENT_GONE', exitCode: 6 });
    expect(error).toMatchObject({
      message: expect.stringContaining(state === 'pruned' ? 'dpl_1 of release rel_1 is not there any more' : state),
    });
    expect(world.calls).toEqual([]);
  });

  it('refuses a production domain', async () => {
    const production = { ...stagingSettings.production, domains: [stagingSettings.domain] };

    const { error } = await world.rollback(undefined, { settings: { ...stagingSettings, production } });

    expect(error).toMatchObject({ code: 'PRODUCTION_REFUSED' });
    expect(world.calls).toEqual([]);
  });

  it.each([
    ['a release that is not in the history', 'rel_9', 'RELEASE_NOT_FOUND'],
    ['the release that is live', 'rel_2', 'RELEASE_ALREADY_LIVE'],
  ])('does not go to %s', async (_what, to, code) => {
    const { error } = await world.rollback(to);

    expect(error).toMatchObject({ kind: 'missing', code, exitCode: 3 });
    expect(world.calls).toEqual([]);
  });

  it('is followed by a deploy that takes the domain again', async () => {
    await world.rollback();

    await deployed('c');

    expect(await world.domain()).toEqual({ live: 'dpl_3', autoAssign: true });
    expect(world.database.history.at(-1)).toMatchObject({ id: 'rel_4', kind: 'deploy', previous: 'rel_3' });
  });
});

it.each([
  ['no release', 0, 'RELEASE_NONE'],
  ['only one release', 1, 'RELEASE_NO_PREVIOUS'],
])('has nothing to go back to after %s', async (_what, releases, code) => {
  for (let release = 0; release < releases; release += 1) await deployed('a');
  takeCalls(world);

  const { error } = await world.rollback();

  expect(error).toMatchObject({ kind: 'missing', code, exitCode: 3 });
  expect(world.calls).toEqual([]);
});
