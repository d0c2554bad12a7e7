import { StagingError } from '../errors.ts';
import { printable } from '../printable.ts';

/** A file that the tool writes for the user's repository. */
export interface GeneratedFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** True: anybody may run it. */
  readonly executable?: boolean | undefined;
  /** True: for its owner alone (mode 0600), and its lines are not shown but for those that are added at its end. */
  readonly secret?: boolean | undefined;
  /** True: the text holds what the file held before, so writing it takes nothing away. */
  readonly keeps?: boolean | undefined;
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

/** Returns the paths of files whose text would be lost. */
export function overwritten(changes: readonly FileChange[]): readonly string[] {
  return changes.filter(({ action, keeps }) => action === 'update' && keeps !== true).map(({ shown }) => shown);
}

/** Returns the changes without those that would take away text: such a file stays as it is. */
export function withoutOverwriting(changes: readonly FileChange[]): readonly FileChange[] {
  return changes.map((change) =>
    change.action === 'update' && change.keeps !== true ? { ...change, action: 'unchanged', diff: '' } : change,
  );
}

/** How a person says what to do with files that differ. */
export interface OverwriteWays {
  /** The flag that overwrites them. */
  readonly agree: string;
  /** The flag that leaves them and writes the others, where there is one. */
  readonly keep?: string | undefined;
}

/** Returns the refusal to overwrite what nobody agreed to; its diff was shown. `command` has the flags that were given. */
export function overwriteRefused(
  changes: readonly FileChange[],
  command: string,
  { agree, keep }: OverwriteWays = { agree: '--yes' },
): StagingError {
  const names = overwritten(changes).map((name) => printable(name));
  const others = keep === undefined ? '' : `, or \`jv-staging ${command} ${keep}\` to write the others alone`;
  return new StagingError(
    'usage',
    'FILES_DIFFER',
    `${names.join(', ')} ${names.length === 1 ? 'differs' : 'differ'} from what would be written; expected a yes to the diff.`,
    { fix: `Look at the diff with \`jv-staging ${command} --dry-run\`, then run \`jv-staging ${command} ${agree}\`${others}.` },
  );
}
