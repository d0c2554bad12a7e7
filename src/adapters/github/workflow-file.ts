import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Document, isMap, isScalar, visit } from 'yaml';
import { gitRoot } from '../source/git-state.ts';
import type { PinnedActions } from '../../core/ci/steps.ts';
import type { Workflow } from '../../core/ci/workflow.ts';

/** Where the workflow lies, from the repository's root. */
export const workflowPath = '.github/workflows/deploy-staging.yml';

/** Returns where the workflow of the repository that a folder lies in is, or would be; undefined in no repository. */
export function workflowPlace(folder: string): { readonly path: string; readonly isThere: boolean } | undefined {
  const root = gitRoot(folder);
  return root === undefined ? undefined : { path: workflowPath, isThere: existsSync(join(root, workflowPath)) };
}

/** Returns a workflow as YAML, with `heading` as its first comment and the release beside each pinned action. */
export function workflowText(workflow: Workflow, actions: PinnedActions, heading: readonly string[]): string {
  const document = new Document(workflow, { aliasDuplicateObjects: false });
  const releases = new Map(Object.values(actions).map(({ pinned, release }) => [pinned, release]));
  visit(document, {
    Pair: (_key, pair) => {
      if (isScalar(pair.key) && pair.key.value === 'uses' && isScalar(pair.value)) {
        const release = releases.get(String(pair.value.value));
        if (release !== undefined) pair.value.comment = ` ${release}`;
      }
    },
  });
  if (isMap(document.contents)) for (const pair of document.contents.items.slice(1)) if (isScalar(pair.key)) pair.key.spaceBefore = true;
  document.commentBefore = heading.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}
