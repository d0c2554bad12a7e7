/** A step of a job, as GitHub's workflow syntax names its parts. */
export interface WorkflowStep {
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly 'working-directory'?: string;
  readonly run?: string;
}

/** Actions of other people that the workflow uses, each with the major version whose inputs it is written for. */
export const usedActions = {
  'actions/checkout': 4,
  'actions/setup-node': 4,
  'actions/upload-artifact': 4,
  'actions/download-artifact': 4,
} as const;

/** The name of an action that the workflow uses. */
export type ActionName = keyof typeof usedActions;

/** An action at one commit, which no moved tag changes. */
export interface PinnedAction {
  /** `owner/name@<40 hexadecimal digits>`. */
  readonly pinned: string;
  /** The release that this commit is, e.g. `v4.2.2`: a comment beside it. */
  readonly release: string;
}

/** All actions, pinned. */
export type PinnedActions = Readonly<Record<ActionName, PinnedAction>>;

/** Version of Node that the jobs run on: the tool's own (`engines`: 22.19 or newer). */
const nodeVersion = '24';

/** Returns the steps that every job begins with: the sources without the job's token, and Node. */
export function setUp(actions: PinnedActions, { ref }: { readonly ref?: string } = {}): readonly WorkflowStep[] {
  return [
    {
      uses: actions['actions/checkout'].pinned,
      with: { ...(ref === undefined ? {} : { ref }), 'persist-credentials': false },
    },
    { uses: actions['actions/setup-node'].pinned, with: { 'node-version': nodeVersion } },
  ];
}

/** A tag of an action's repository and the commit that it names, as `git ls-remote` lists them. */
export interface RemoteTag {
  readonly tag: string;
  readonly commit: string;
}

/** Returns the newest full release (`v4.2.2`, no pre-release) of a major version, or undefined when the list has none. */
export function newestRelease(tags: readonly RemoteTag[], major: number): RemoteTag | undefined {
  const releases = tags.flatMap((one) => {
    const [, first, second, third] = /^v(\d+)\.(\d+)\.(\d+)$/.exec(one.tag) ?? [];
    return Number(first) === major ? [{ one, order: [Number(second), Number(third)] as const }] : [];
  });
  return releases.toSorted((a, b) => b.order[0] - a.order[0] || b.order[1] - a.order[1])[0]?.one;
}

/** Returns the tags in what `git ls-remote --tags` printed: of an annotated tag the commit that it stands for. */
export function parseRemoteTags(listed: string): readonly RemoteTag[] {
  const commits = new Map<string, string>();
  for (const line of listed.split('\n')) {
    const [, commit, tag, peeled] = /^([0-9a-f]{40})\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line) ?? [];
    if (commit === undefined || tag === undefined) continue;
    if (peeled !== undefined || !commits.has(tag)) commits.set(tag, commit);
  }
  return [...commits].map(([tag, commit]) => ({ tag, commit }));
}
