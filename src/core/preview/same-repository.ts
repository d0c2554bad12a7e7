import { StagingError } from '../errors.ts';

/** What decides whether a branch may have a preview. */
export interface PreviewSource {
  readonly branch: string;
  /** The commit that lies in the working tree. */
  readonly sha: string;
  /** Commit of each branch that `origin` has. */
  readonly heads: Readonly<Record<string, string>>;
  /** `owner/name` of `origin`, or null when its address does not tell. */
  readonly repository: string | null;
  /** The configured repository, if any. */
  readonly expected: string | undefined;
}

/**
 * Refuses what does not come from this repository: code of a fork must not run with staging's secrets. Throws
 * `PREVIEW_REPOSITORY_FOREIGN`, `PREVIEW_BRANCH_FOREIGN` and `PREVIEW_COMMIT_FOREIGN` (all exit 6).
 */
export function refuseForeignSource({ branch, sha, heads, repository, expected }: PreviewSource): void {
  if (expected !== undefined && repository?.toLowerCase() !== expected.toLowerCase()) {
    throw new StagingError(
      'refused',
      'PREVIEW_REPOSITORY_FOREIGN',
      `\`origin\` is ${repository ?? 'no repository that can be told'}, expected ${expected}: code of another repository gets no preview.`,
      { fix: `Run it in a clone of ${expected}, or correct \`vercel.git.repository\`.` },
    );
  }
  const head = Object.hasOwn(heads, branch) ? heads[branch] : undefined;
  if (head === undefined) {
    throw new StagingError('refused', 'PREVIEW_BRANCH_FOREIGN', `\`origin\` has no branch ${branch}: a branch of a fork gets no preview.`, {
      fix: `Push it first: \`git push origin ${branch}\`.`,
    });
  }
  if (head !== sha) {
    throw new StagingError(
      'refused',
      'PREVIEW_COMMIT_FOREIGN',
      `The working tree is at ${sha.slice(0, 12)}, and ${branch} of \`origin\` at ${head.slice(0, 12)}; expected the same commit.`,
      { fix: `Check out the branch as it was pushed: \`git switch ${branch} && git pull --ff-only\`, or push yours.` },
    );
  }
}
