import { describe, expect, it } from 'vitest';
import type { ReleaseRecord } from '../../../src/core/release/release.ts';
import { type GoalQuestion, rollbackGoal } from '../../../src/core/rollback/goal.ts';
import { releaseRecord } from '../../support/release-record.ts';

const [a, b, c] = [releaseRecord('a', null), releaseRecord('b', 'a'), releaseRecord('c', 'b')];
const backToB = releaseRecord('d', 'c', { kind: 'rollback', vercelDeploymentId: 'dpl_b' });

/** Where a rollback leads, in a few words. */
function goalOf(history: readonly ReleaseRecord[], question: Partial<GoalQuestion> = {}): string {
  const goal = rollbackGoal(history, { to: undefined, served: history.at(-1)?.vercelDeploymentId, ...question });
  if (goal.kind === 'refuse') return `${goal.error} ${goal.code}`;
  return `${goal.from.id} → ${goal.to.id}${goal.continues ? ', continued' : ''}${goal.recorded === undefined ? '' : `, recorded as ${goal.recorded.id}`}`;
}

describe('the goal of a rollback', () => {
  it.each([
    ['the release before the live one', [a, b, c], {}, 'c → b'],
    ['one further back after a rollback, not forward to what was rolled back', [a, b, c, backToB], {}, 'd → a'],
    ['the release that is named', [a, b, c], { to: 'a' }, 'c → a'],
    ['the live release of the records, when a deploy was cut off after its move', [a, b], { served: 'dpl_unknown' }, 'b → b'],
    ['where a rollback that was cut off after its move was going', [a, b, c], { served: 'dpl_b' }, 'c → b, continued'],
    ['there also when it is named', [a, b, c], { served: 'dpl_a', to: 'a' }, 'c → a, continued'],
    [
      'nowhere further, when the record stands but its run never heard so',
      [a, b, c, backToB],
      { unheard: ['d'] },
      'c → b, continued, recorded as d',
    ],
    ['one further back, when what was never written is another record', [a, b, c, backToB], { unheard: ['e'] }, 'd → a'],
    ['another release that is named, whatever was never heard', [a, b, c, backToB], { to: 'c', unheard: ['d'] }, 'd → c'],
  ])('is %s', (_what, history, question, goal) => {
    expect(goalOf(history, question)).toBe(goal);
  });

  it.each([
    ['no release yet', [], {}, 'missing RELEASE_NONE'],
    ['only one release', [a], {}, 'missing RELEASE_NO_PREVIOUS'],
    ['a release that does not exist', [a, b], { to: 'zzz' }, 'missing RELEASE_NOT_FOUND'],
    ['the release that is live', [a, b], { to: 'b' }, 'missing RELEASE_ALREADY_LIVE'],
    ['the same deployment under another record', [a, b, c, backToB], { to: 'b' }, 'missing RELEASE_ALREADY_LIVE'],
  ])('does not exist for %s', (_what, history, question, refusal) => {
    expect(goalOf(history, question)).toBe(refusal);
  });
});
