import { join } from 'node:path';
import { keptRecordsFile } from '../adapters/files/kept-records.ts';
import { dumpPoints } from '../adapters/restore/dump-points.ts';
import { postgresPrograms } from '../adapters/restore/postgres-programs.ts';
import { postgresFolders } from '../adapters/system/postgres-folders.ts';
import { childEnvironment } from '../config/environment.ts';
import type { KeptRecords, RestorePoints } from '../core/ports/restore-points.ts';
import type { ReleaseRecord } from '../core/release/release.ts';
import { restorePlaces } from '../core/restore/place.ts';
import type { Resources } from '../stages/resources.ts';
import { restorePointsOf } from '../stages/restore/points.ts';
import type { Context } from './context.ts';
import type { Platforms } from './platforms.ts';
import { stateKeys } from './state-keys.ts';

/** Returns the keepers of the environment's restore points as one; the resources are known by the time they are used. */
export function openRestorePoints(context: Context, resources: Resources, platforms: Platforms): RestorePoints {
  const { restorePoints, environment } = context.settings();
  const { postgresBin, path, ci } = context.process;
  const places = restorePlaces(restorePoints, { ci, target: context.target, stateDir: context.stateDir });
  const database = () => resources.database.get().ref;
  const dump = (dir: string) =>
    dumpPoints({
      dir,
      keep: restorePoints.keep,
      stateKeys: () => stateKeys(context),
      url: () => resources.databaseAccess.get().directUrl,
      programs: (url) => postgresPrograms(url, { folders: postgresFolders(path, postgresBin), environment: childEnvironment() }),
      environment,
      database,
      clock: context.clock,
    });
  return restorePointsOf({
    platform: places.platform ? platforms.restorePoints(database) : undefined,
    dump: places.dumpDir === undefined ? undefined : dump(places.dumpDir),
    reasons: places.noDump === undefined ? [] : [places.noDump],
  });
}

/** Returns where the release history waits while the database goes back in time. */
export function openKeptRecords(context: Context): KeptRecords<ReleaseRecord> {
  return keptRecordsFile(join(context.stateDir, 'kept-records.json'));
}
