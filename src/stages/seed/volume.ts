import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { progressText } from '../../core/seed/progress.ts';
import { volumeRows, volumeTables } from '../../core/seed/volume/ids.ts';
import { type VolumeTable, volumeOf } from '../../core/seed/volume/volume.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import {
  count,
  countOrphans,
  guardDatabase,
  type SeedChoice,
  type SeedDeps,
  type SeedDetails,
  type SeededTable,
  seedResult,
} from './parts.ts';
import { resetSteps } from './reset.ts';

/** Rows of the profile when nobody says how many. */
const defaultRows = 10_000;

/** How often progress is told. */
const noteEveryMs = 250;

interface VolumeFacts {
  readonly tables: ReturnType<typeof slot<readonly VolumeTable[]>>;
  readonly written: SeededTable[];
  readonly orphans: ReturnType<typeof slot<number>>;
}

/**
 * Returns the stage that writes many rows: each table by COPY and one merge in one transaction, so that an interruption leaves it as it was
 * before or whole. The rows are made while they are sent; what is held in memory does not grow with their number.
 */
export function volumeStage(
  deps: SeedDeps,
  resources: Resources,
  { profile, rows = defaultRows, reset }: SeedChoice,
): StageRun<SeedDetails> {
  const startedAtMs = deps.clock.nowMs();
  const { value: seed } = deps.settings.seed;
  const facts: VolumeFacts = { tables: slot('volume tables'), written: [], orphans: slot('orphans') };
  const changed = () => facts.written.reduce((sum, table) => sum + table.changed, 0);
  return {
    steps: [
      {
        id: 'plan',
        title: `Plan ${count(rows)} rows`,
        run: async () => {
          facts.tables.set(volumeOf({ rows, seed, nowMs: deps.clock.nowMs(), vocabulary: await deps.vocabulary(seed) }));
          return `seed value ${seed}, ${volumeTables.length} tables`;
        },
      },
      locateStep(deps, resources),
      leaseStep(deps),
      ...resetSteps(deps, resources, reset, {
        what: () => 'every row of the volume seed, of any seed value',
        empty: (io) => emptyVolume(deps, resources, io),
      }),
      { id: 'tables', title: 'Rows', steps: () => facts.tables.get().map((table) => tableStep(deps, resources, facts, table)) },
      {
        id: 'done',
        title: 'Every foreign key leads somewhere',
        run: async (io) => {
          facts.orphans.set(await countOrphans(deps, volumeTables, io));
          return changed() === 0 ? 'nothing to do: 0 rows changed' : `${count(changed())} changed, ${count(facts.orphans.get())} orphans`;
        },
      },
    ],
    result: () => {
      const orphans = facts.orphans.peek();
      if (orphans === undefined) return undefined;
      const details: SeedDetails = {
        profile,
        seedVersion: `volume-1-${seed}-${rows}`,
        users: { wanted: 0, changed: 0 },
        tables: facts.written,
        entries: [],
        changed: changed(),
        orphans,
      };
      return seedResult(deps, details, startedAtMs);
    },
  };
}

function tableStep(deps: SeedDeps, resources: Resources, facts: VolumeFacts, table: VolumeTable): Step {
  return {
    id: table.table,
    title: table.table,
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const merged = await deps.openBulk().merge(table, progress(deps, table, io), io.signal);
      const changed = merged.inserted + merged.updated;
      facts.written.push({ table: table.table, rows: merged.rows, changed, fingerprint: merged.fingerprint });
      return `${count(merged.rows)} rows, ${count(changed)} changed`;
    },
  };
}

/** Tells of rows as they are sent, and of the merge that follows the last one. */
function progress({ clock }: SeedDeps, table: VolumeTable, io: StepIo): (rows: number) => void {
  const startedMs = clock.nowMs();
  let toldMs = startedMs;
  let sent = 0;
  return (rows) => {
    sent += rows;
    const nowMs = clock.nowMs();
    if (sent === table.count) io.note(`${count(sent)} rows sent, merging`);
    if (sent === table.count || nowMs - toldMs < noteEveryMs) return;
    toldMs = nowMs;
    io.note(progressText(sent, table.count, nowMs - startedMs));
  };
}

async function emptyVolume(deps: SeedDeps, resources: Resources, io: StepIo): Promise<string> {
  guardDatabase(deps, resources);
  const removed = await deps.openBulk().remove(volumeTables.toReversed().map(volumeRows), io.signal);
  return `${count(removed.reduce((sum, rows) => sum + rows, 0))} rows removed`;
}
