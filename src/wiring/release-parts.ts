import { join, resolve } from 'node:path';
import { gitCheckoutSource } from '../adapters/source/git-checkout.ts';
import { appSource } from '../adapters/source/app-source.ts';
import { childEnvironment } from '../config/environment.ts';
import { StagingError } from '../core/errors.ts';
import type { Journal } from '../core/ports/journal.ts';
import type { Database } from '../core/ports/database.ts';
import type { QueuePauses } from '../core/ports/cache.ts';
import type { Rehearsal } from '../core/ports/rehearsal.ts';
import type { AppSource } from '../core/ports/source.ts';
import { migrationReversals } from '../stages/migrate/reversals.ts';
import type { SourceChoice } from './app.ts';
import type { Context } from './context.ts';
import { migrationFiles } from './migration-files.ts';
import type { Platforms } from './platforms.ts';
import { openKeptRecords } from './restore-points.ts';

/** Returns what a release is made from. Throws `SOURCE_AMBIGUOUS` (exit 2) for a built folder and a git reference at once. */
export function sourceOf(context: Context, { prebuilt, git }: SourceChoice): AppSource {
  const { app, supabase } = context.settings();
  const place = { dir: app.dir, output: app.output, migrations: supabase.migrations, environment: childEnvironment() };
  if (prebuilt !== undefined && git !== undefined) {
    throw new StagingError(
      'usage',
      'SOURCE_AMBIGUOUS',
      '`--prebuilt` and `--git` exclude each other: a release is made from one of them.',
      {
        fix: 'Leave one of them out.',
      },
    );
  }
  if (git !== undefined) return gitCheckoutSource({ ...place, reference: git, checkouts: join(context.stateDir, 'checkouts') });
  return appSource(prebuilt === undefined ? place : { ...place, output: resolve(context.request.cwd, prebuilt) });
}

/**
 * Returns the ids of release records that may stand in the history although nobody heard so: the runs announced them in the journal, and
 * were cut off.
 */
export async function unheardRecords(unfinished: Journal['unfinished']): Promise<readonly string[]> {
  return (await unfinished()).flatMap(({ path, detail }) => (/(?:^|\/)record$/.test(path) && detail !== undefined ? [detail] : []));
}

/** What of the connections both ways of a release use. */
export interface ReleaseConnections {
  readonly use: () => Platforms;
  readonly openPauses: () => QueuePauses;
  readonly openDatabase: () => Database;
  readonly rehearsal: () => Rehearsal;
}

/** Returns what both ways of a release need beside the rest. */
export function releaseParts(context: Context, { use, openPauses, openDatabase, rehearsal }: ReleaseConnections) {
  const { deployments, moves } = use();
  const reversals = () => migrationReversals({ openDatabase, rehearsal, ...migrationFiles(context.settings().supabase) });
  return { deployments, moves, openPauses, reversals, keptRecords: openKeptRecords(context) };
}
