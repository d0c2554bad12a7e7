import { join } from 'node:path';
import { watchHistory } from '../adapters/files/watch-history.ts';
import { parseDuration } from '../config/duration.ts';
import { StagingError } from '../core/errors.ts';
import type { Redactor } from '../core/redaction.ts';
import type { ReleaseRecord } from '../core/release/release.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { WatchDetails, WatchHead } from '../core/smoke/watch.ts';
import type { SmokeDeps, SmokeInput } from '../stages/smoke/smoke.ts';
import { watchRun } from '../stages/smoke/watch.ts';
import type { WatchChoice } from './choices.ts';
import type { Context } from './context.ts';

/** A smoke that is ready to run. */
export interface Smokes {
  readonly deps: SmokeDeps;
  readonly input: SmokeInput;
  /** The release that is recorded as live at the address, where that is known. */
  readonly live?: ReleaseRecord | undefined;
}

/** A smoke that is repeated, for how long, and as whose history. */
interface Watch extends Smokes {
  readonly times: Pick<WatchHead, 'forMs' | 'everyMs'>;
  readonly runId: string;
  readonly redact: Redactor;
}

/** More looks a second than one would be a load of their own. */
const shortestMs = 1000;

/** Returns how long and how often. Throws `DURATION_INVALID` and `WATCH_INTERVAL_TOO_SHORT` (exit 2). */
export function watchTimes(choice: WatchChoice): Watch['times'] {
  const times = { forMs: parseDuration(choice.for, '--for'), everyMs: parseDuration(choice.every, '--every') };
  if (times.everyMs >= shortestMs && times.forMs >= times.everyMs) return times;
  throw new StagingError(
    'usage',
    'WATCH_INTERVAL_TOO_SHORT',
    `--every is ${choice.every} and --for ${choice.for}, expected at least 1s between two looks, and --for no shorter than that.`,
    { fix: 'Pass `--for 10m --every 5s`.' },
  );
}

/** Returns the watch; without a configuration it leaves no history behind. */
export function watchOf(context: Context, { deps, input, live, times, runId, redact }: Watch): StageRun<WatchDetails> {
  const { origin } = input.target;
  const { environment } = input.expected;
  return watchRun(deps, input, {
    about: {
      environment,
      target: context.target,
      origin,
      releaseId: live?.id ?? null,
      gitSha: live?.gitSha ?? null,
      deploymentId: live?.vercelDeploymentId ?? null,
      ...times,
    },
    history: context.loaded === undefined ? undefined : watchHistory(watchFolder(context), runId, redact),
  });
}

/** Returns the folder that the environment's watches are kept in. */
export function watchFolder(context: Context): string {
  return join(context.stateDir, 'watches');
}
