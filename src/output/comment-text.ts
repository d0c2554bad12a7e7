import type { StageResult } from '../core/verdict.ts';
import { renderStageText } from './human.ts';
import type { TextView } from './paint.ts';

/** Returns the comment that a stage made in Markdown, as it is; a stage without one is shown as any other. */
export function renderCommentText(result: StageResult, view: TextView): string {
  const { details } = result;
  const comment = typeof details === 'object' && details !== null && 'comment' in details ? details.comment : undefined;
  return typeof comment === 'string' ? comment : renderStageText(result, view);
}
