import { StagingError } from '../errors.ts';

/** Where restore points go, as configured. */
export interface RestorePointSettings {
  /** `auto`: the platform's own, and a dump where the platform keeps none. */
  readonly kind: 'auto' | 'platform' | 'dump';
  /** Folder of the dumps, absolute; undefined is the state folder, which only a machine that stays has. */
  readonly dir?: string | undefined;
  /** True: what keeps `dir` outlives a CI runner (a mounted bucket, an artifact that the job uploads). */
  readonly outlivesRunner: boolean;
  /** How many dumps are kept. */
  readonly keep: number;
}

/** Where a restore point may lie: keepers in the order in which they are tried, and why no dump may be made, if so. */
export interface RestorePlaces {
  readonly platform: boolean;
  readonly dumpDir: string | undefined;
  readonly noDump: string | undefined;
}

/**
 * Returns where restore points may lie. A folder on a CI runner goes with the runner: it counts only when the configuration says that
 * somebody keeps it. The state folder will do on a machine that stays, and for the local cloud anywhere: its databases lie in the
 * same folder and go when it goes.
 */
export function restorePlaces(
  settings: RestorePointSettings,
  machine: { readonly ci: boolean; readonly target: 'local' | 'cloud'; readonly stateDir: string },
): RestorePlaces {
  const platform = settings.kind !== 'dump';
  const none = (noDump: string) => ({ platform, dumpDir: undefined, noDump });
  if (settings.kind === 'platform') return none('`restorePoints.kind` allows the platform alone');
  if (!machine.ci || machine.target === 'local')
    return { platform, dumpDir: settings.dir ?? `${machine.stateDir}/restore-points`, noDump: undefined };
  if (settings.dir === undefined) return none('this is a CI runner and `restorePoints.dir` names no folder');
  if (!settings.outlivesRunner) return none(`this is a CI runner and nothing says that ${settings.dir} outlives it`);
  return { platform, dumpDir: settings.dir, noDump: undefined };
}

/** Returns the refusal of a deploy that could not be taken back: `RESTORE_POINT_NO_PLACE` (exit 6). */
export function noPlace(reasons: readonly string[]): StagingError {
  return new StagingError(
    'refused',
    'RESTORE_POINT_NO_PLACE',
    `There is no place for a restore point: ${reasons.join('; ')}. What the pending migrations change could not be taken back.`,
    {
      fix: 'Set `restorePoints: { dir, outlivesRunner: true }` to a folder that is kept after the job, or pass `--accept-no-restore-point`.',
    },
  );
}
