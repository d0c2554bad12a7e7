import { guardProduction } from '../../core/guard.ts';
import type { Database } from '../../core/ports/database.ts';
import type { KeptRecords, RestorePoints } from '../../core/ports/restore-points.ts';
import type { ReleaseRecord } from '../../core/release/release.ts';
import { recordsToAppend } from '../../core/restore/records.ts';
import type { RunLease } from '../../core/run/lease.ts';
import type { StepIo } from '../../core/run/step.ts';
import type { StagingSettings } from '../../core/settings.ts';
import type { Resources } from '../resources.ts';

/** What going back to a restore point needs. */
export interface RestoreDeps {
  readonly settings: StagingSettings;
  readonly openDatabase: () => Database;
  readonly restorePoints: () => RestorePoints;
  readonly lease: RunLease;
  /** Where the release history waits while the database goes back. */
  readonly keptRecords: KeptRecords<ReleaseRecord>;
}

/**
 * Takes the database back to a restore point and appends the release records again that went with it: they wait on disk meanwhile, so
 * that a run that is cut off loses none (`appendKept` finds them). Returns how many were appended.
 */
export async function restoreTo(deps: RestoreDeps, resources: Resources, id: string, io: StepIo): Promise<number> {
  const { ref, name } = resources.database.get();
  guardProduction({ what: 'Supabase project', identities: [ref, name] }, deps.settings.production);
  const history = await deps.openDatabase().releases(deps.settings.environment, io.signal);
  // What an earlier run kept and could not append any more is part of the history, too.
  const waiting = recordsToAppend(await deps.keptRecords.read(), history);
  await deps.keptRecords.write([...history, ...waiting]);
  await deps.lease.through(() => deps.restorePoints().restore(id, io.signal), io.signal);
  return appendKept(deps, io);
}

/** Appends the release records that wait on disk and the database lacks; returns how many. Does nothing when none wait. */
export async function appendKept(deps: Pick<RestoreDeps, 'settings' | 'openDatabase' | 'keptRecords'>, io: StepIo): Promise<number> {
  const kept = await deps.keptRecords.read();
  if (kept.length === 0) return 0;
  const database = deps.openDatabase();
  const missing = recordsToAppend(kept, await database.releases(deps.settings.environment, io.signal));
  for (const record of missing) await database.appendRelease(record, io.signal);
  // Those that came back with the database may be sealed with the state key of then.
  await database.resealReleases(kept, io.signal);
  await deps.keptRecords.clear();
  return missing.length;
}
