import { StagingError } from '../errors.ts';
import { printable } from '../printable.ts';

/** A file that the tool writes for the user's repository. */
export interface GeneratedFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** True: anybody may run it. */
  readonly executable?: boolean | undefined;
}

/** What writing a file would do. */
export interface FileChange extends GeneratedFile {
  /** The path as people type it here. */
  readonly shown: string;
  readonly action: 'create' | 'update' | 'unchanged';
  /** Unified diff of an update; empty otherwise. */
  readonly diff: string;
}

/** Returns the paths by what happens to them, for `--json`. */
export function changesByAction(changes: readonly FileChange[]): Readonly<Record<FileChange['action'], readonly string[]>> {
  const of = (action: FileChange['action']) => changes.filter((change) => change.action === action).map((change) => change.shown);
  return { create: of('create'), update: of('update'), unchanged: of('unchanged') };
}

/** Returns the refusal to overwrite what nobody agreed to; its diff was shown. */
export function overwriteRefused(changes: readonly FileChange[], command: string): StagingError {
  const names = changes.filter(({ action }) => action === 'update').map(({ shown }) => printable(shown));
  return new StagingError('usage', 'FILES_DIFFER', `${names.join(', ')} differ from what would be written; expected a yes to the diff.`, {
    fix: `Look at the diff with \`jv-staging ${command} --dry-run\`, then run \`jv-staging ${command} --yes\`.`,
  });
}
