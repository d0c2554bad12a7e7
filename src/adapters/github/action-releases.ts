import {
  type ActionName,
  newestRelease,
  parseRemoteTags,
  type PinnedAction,
  type PinnedActions,
  usedActions,
} from '../../core/ci/steps.ts';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { askProgram } from '../system/ask-program.ts';

/** Bound on asking one repository for its tags. */
const timeoutMs = 30_000;

/**
 * Asks the actions' own repositories, with this machine's git, for the commit of each one's newest release of the major version that the
 * workflow is written for. `environment` is all that git sees. Throws `CI_ACTIONS_UNKNOWN` (exit 3): nothing is ever pinned from memory.
 */
export async function resolveActions(environment: Readonly<Record<string, string>>, signal: AbortSignal): Promise<PinnedActions> {
  const one = async (name: ActionName) => resolveAction(name, usedActions[name], environment, signal);
  const [checkout, setUpNode, upload, download] = await Promise.all([
    one('actions/checkout'),
    one('actions/setup-node'),
    one('actions/upload-artifact'),
    one('actions/download-artifact'),
  ]);
  return {
    'actions/checkout': checkout,
    'actions/setup-node': setUpNode,
    'actions/upload-artifact': upload,
    'actions/download-artifact': download,
  };
}

async function resolveAction(
  name: ActionName,
  major: number,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PinnedAction> {
  const address = `https://github.com/${name}`;
  const listed = await askProgram(
    {
      program: 'git',
      args: ['ls-remote', '--tags', address],
      environment: { ...environment, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
      timeoutMs,
    },
    signal,
  );
  if ('reason' in listed) throw unknownAction(name, `${address} could not be asked for its tags: ${printable(listed.reason)}`);
  const release = newestRelease(parseRemoteTags(listed.answer), major);
  if (release === undefined) throw unknownAction(name, `${address} has no release v${major}.x.y`);
  return { pinned: `${name}@${release.commit}`, release: release.tag };
}

function unknownAction(name: ActionName, reason: string): StagingError {
  const message = `The commit to pin ${name} at is unknown: ${reason}; expected its tags, read here and now.`;
  return new StagingError('missing', 'CI_ACTIONS_UNKNOWN', message, {
    fix: `Run \`git ls-remote --tags https://github.com/${name}\`, mend what it says, and run \`jv-staging ci init\` again.`,
  });
}
