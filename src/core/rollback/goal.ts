import { deployOf, liveRelease, type ReleaseRecord } from '../release/release.ts';

/** Why there is no rollback. `missing` ends with 3, `refused` with 6. */
export interface RollbackRefusal {
  readonly kind: 'refuse';
  readonly error: 'missing' | 'refused';
  readonly code: string;
  readonly reason: string;
  readonly fix: string;
}

/** Where a rollback leads. */
export interface RollbackGoal {
  readonly kind: 'goal';
  /** The newest record. */
  readonly from: ReleaseRecord;
  readonly to: ReleaseRecord;
  /** True when a rollback before this one was cut off: it is carried on with. */
  readonly continues: boolean;
  /** The record that the rollback which was cut off had written already. */
  readonly recorded?: ReleaseRecord | undefined;
}

/** What a rollback is asked for, beside the records. */
export interface GoalQuestion {
  /** A release id; undefined is what was live before the deployment that is live now. */
  readonly to: string | undefined;
  /** The deployment that the domain points to by the platform's word; undefined when it points to none. */
  readonly served: string | undefined;
  /** Ids of records that rollbacks which were cut off were about to write, by the journal. */
  readonly unheard?: readonly string[] | undefined;
}

/**
 * Returns the release to go back to. The records may lag behind a run that was cut off: a deploy whose domain had moved leaves a deployment
 * that no record names, and a rollback one that an older record names; that rollback is carried on with. `history` is oldest first.
 */
export function rollbackGoal(history: readonly ReleaseRecord[], question: GoalQuestion): RollbackGoal | RollbackRefusal {
  const from = liveRelease(history);
  if (from === undefined) {
    return missing('RELEASE_NONE', 'There is no release yet, so there is nothing to roll back.', 'Run `jv-staging deploy` first.');
  }
  const served = question.served ?? from.vercelDeploymentId;
  const finished = unheardRecord(history, from, served, question);
  if (finished !== undefined) return finished;
  const continued = served === from.vercelDeploymentId ? undefined : deployOf(history, served);
  const goal = question.to === undefined ? (continued ?? before(history, from, served)) : history.find(({ id }) => id === question.to);
  if (goal === undefined) return nowhere(from, question.to);
  if (goal.vercelDeploymentId === served && continued === undefined) {
    return missing('RELEASE_ALREADY_LIVE', `Release ${goal.id} is the one that is live.`, 'Run `jv-staging status` to see the releases.');
  }
  return { kind: 'goal', from, to: goal, continues: continued !== undefined };
}

function unheardRecord(
  history: readonly ReleaseRecord[],
  newest: ReleaseRecord,
  served: string,
  { to, unheard = [] }: GoalQuestion,
): RollbackGoal | undefined {
  if (newest.kind !== 'rollback' || newest.vercelDeploymentId !== served || !unheard.includes(newest.id)) return undefined;
  const [from, goal] = [history.find(({ id }) => id === newest.previous), deployOf(history, served)];
  if (from === undefined || goal === undefined) return undefined;
  if (to !== undefined && history.find(({ id }) => id === to)?.vercelDeploymentId !== served) return undefined;
  return { kind: 'goal', from, to: goal, continues: true, recorded: newest };
}

/** Returns what was live before the deployment that is served. */
function before(history: readonly ReleaseRecord[], newest: ReleaseRecord, served: string): ReleaseRecord | undefined {
  // Served, but no record names it: its deploy was cut off after the move, and what the newest record names was live before.
  if (served !== newest.vercelDeploymentId) return newest;
  // After a rollback the live deployment is an older one: go back to what was live before *that* deployment went out.
  const origin = newest.kind === 'deploy' ? newest : deployOf(history, newest.vercelDeploymentId);
  return history.find(({ id }) => id === origin?.previous);
}

function nowhere(from: ReleaseRecord, to: string | undefined): RollbackRefusal {
  if (to !== undefined) {
    return missing('RELEASE_NOT_FOUND', `There is no release ${to} in the history.`, 'Run `jv-staging status` to see the releases.');
  }
  return missing(
    'RELEASE_NO_PREVIOUS',
    `No release came before the one that is live (${from.id}), so there is no previous release to go back to.`,
    'Run `jv-staging deploy` to put out another.',
  );
}

function missing(code: string, reason: string, fix: string): RollbackRefusal {
  return { kind: 'refuse', error: 'missing', code, reason, fix };
}
