import { gateRows } from '../core/ci/gate-rows.ts';
import { StagingError } from '../core/errors.ts';
import { createRedactor, mapTexts } from '../core/redaction.ts';
import type { StageResult } from '../core/verdict.ts';
import { keepGateComment } from '../stages/gate/comment.ts';
import type { Context } from './context.ts';
import { openGithub } from './github.ts';
import type { NotifyParts } from './notify.ts';
import { aboutRun } from './report-files.ts';

/**
 * Returns what keeps the one comment on the pull request that a job of GitHub Actions runs for; it resolves with a warning instead of
 * failing. Elsewhere, and without a token, there is nothing to keep.
 */
export function commenter(context: Context, parts: NotifyParts): (stages: readonly StageResult[]) => Promise<string | undefined> {
  return async (stages) => {
    const pullRequest = context.process.github?.pullRequest;
    if (pullRequest === undefined || context.loaded === undefined || gateRows(stages, nothing).length === 0) return undefined;
    if (context.target === 'cloud' && context.secrets.read(context.settings().gate.token) === undefined) return undefined;
    try {
      return await comment(context, parts, pullRequest, stages);
    } catch (error) {
      if (!(error instanceof StagingError)) throw error;
      return `The comment on pull request ${pullRequest} is not up to date: ${error.message}${error.fix === undefined ? '' : ` ${error.fix}`}`;
    }
  };
}

const nothing = { commit: null, runUrl: null };

async function comment(
  context: Context,
  { deps, resources, local }: NotifyParts,
  pullRequest: number,
  stages: readonly StageResult[],
): Promise<string | undefined> {
  const { gitSha } = await aboutRun(context, deps, resources, stages);
  const rows = gateRows(mapTexts(stages, createRedactor([...deps.secrets()])), {
    commit: gitSha,
    runUrl: context.process.github?.runUrl ?? null,
  });
  const github = openGithub(context, await local(), context.process.github?.repository);
  const { environment } = context.settings();
  try {
    const isKept = await keepGateComment({ comments: github.comments, pullRequest, environment }, rows, context.request.signal);
    return isKept
      ? undefined
      : `The comment on pull request ${pullRequest} is not up to date: other jobs wrote it each time. Run the job again.`;
  } finally {
    await github.close();
  }
}
