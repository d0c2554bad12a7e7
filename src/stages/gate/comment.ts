import { gateComment, gateCommentMark, type GateRow, mergedRows, rowsOf } from '../../core/ci/gate-rows.ts';
import type { PullComments } from '../../core/ports/comments.ts';

/** Two jobs of one pull request may write at the same time: whose rows are not there afterwards writes again, this often at most. */
const mostAttempts = 5;

/** Which comment is kept. */
export interface CommentPlace {
  readonly comments: PullComments;
  readonly pullRequest: number;
  readonly environment: string;
}

/**
 * Brings the one comment of an environment on a pull request up to date: made once, found by its mark, changed in place. Rows of other
 * gates stay. Of two that were made at the same time the older one stays. Returns false when others wrote each time.
 */
export async function keepGateComment(place: CommentPlace, rows: readonly GateRow[], signal: AbortSignal): Promise<boolean> {
  const { comments, pullRequest, environment } = place;
  const found = () => comments.holding(pullRequest, gateCommentMark(environment), signal);
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const [first] = await found();
    const body = gateComment(environment, mergedRows(first === undefined ? [] : rowsOf(first.body), rows));
    if (first === undefined) await comments.create(pullRequest, body, signal);
    else if (first.body.trimEnd() !== body.trimEnd()) await comments.replace(first.id, body, signal);
    const [now, ...others] = await found();
    const kept = now === undefined ? [] : rowsOf(now.body).map((row) => JSON.stringify(row));
    if (!rows.every((row) => kept.includes(JSON.stringify(row)))) continue;
    for (const other of others) await comments.remove(other.id, signal);
    return true;
  }
  return false;
}
