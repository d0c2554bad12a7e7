import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import type { RestorePoint, RestorePoints } from '../../core/ports/restore-points.ts';
import { type MigrationFolder, pendingMigrations } from '../../core/release/migrations.ts';
import { counted } from '../../core/rollback/plan.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding } from '../../core/verdict.ts';
import type { SeedDetails } from '../seed/parts.ts';
import { applyMigrations } from './apply.ts';
import type { MigrateDeps } from './deps.ts';

/** What `migrate reset` needs beside the migrations. */
export interface ResetDeps extends Pick<MigrateDeps, 'clock' | 'openDatabase' | 'readMigrations' | 'before' | 'after'> {
  /** What must be typed: the environment's name, or that of a database which is named by its address. */
  readonly name: string;
  /** The environment that the database may say it is of; undefined: it must be nobody's. */
  readonly environment: string | undefined;
  /** Throws `PRODUCTION_REFUSED` (exit 6); the resources are known by then. */
  readonly guard: () => void;
  readonly restorePoints: () => Pick<RestorePoints, 'take'>;
  /** Undefined: there is no seed, what is there afterwards is what the migrations wrote. */
  readonly seed: (() => StageRun<SeedDetails>) | undefined;
}

/** What `migrate reset` was asked for. */
export interface ResetOptions {
  /** The name as it was typed, if it was. */
  readonly confirm: string | undefined;
  /** With true nothing is dropped, so nothing need be confirmed. */
  readonly dryRun: boolean;
  /** True: goes on where nothing keeps a restore point. */
  readonly acceptNoRestorePoint: boolean;
}

/** What `migrate reset` reports beside its findings. */
export interface ResetDetails {
  /** Tables that were dropped, as `public.users`. */
  readonly dropped: readonly string[];
  /** File names, in the order in which they were applied. */
  readonly applied: readonly string[];
  /** Null when there was nothing to keep, or nowhere to keep it. */
  readonly restorePoint: string | null;
}

/** What the steps of one run share. */
interface ResetFacts {
  readonly folder: ReturnType<typeof slot<MigrationFolder>>;
  readonly tables: ReturnType<typeof slot<readonly string[]>>;
  readonly rows: ReturnType<typeof slot<number>>;
  readonly restorePoint: ReturnType<typeof slot<RestorePoint>>;
  readonly seeded: ReturnType<typeof slot<StageRun<SeedDetails>>>;
  readonly ended: ReturnType<typeof slot<true>>;
  readonly applied: string[];
}

/**
 * Returns the stage that makes the schema anew: restore point, everything dropped that the migrations own, all of them applied, seeded.
 * The name must have been typed, and production is refused (exit 6). A run that was cut off is run again: each step looks at
 * what is there.
 */
export function migrateResetStage(deps: ResetDeps, options: ResetOptions): StageRun<ResetDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: ResetFacts = {
    folder: slot('migrations'),
    tables: slot('tables'),
    rows: slot('rows'),
    restorePoint: slot('restore point'),
    seeded: slot('seed'),
    ended: slot('end of the reset'),
    applied: [],
  };
  return {
    steps: [
      ...deps.before,
      lookStep(deps, facts),
      consentStep(deps, facts, options),
      restorePointStep(deps, facts, options),
      dropStep(deps),
      applyStep(deps, facts),
      ...deps.after,
      ...seedSteps(deps, facts),
      { id: 'end', title: 'End the reset', run: async () => facts.ended.set(true) },
    ],
    result: () => {
      if (facts.ended.peek() === undefined) return undefined;
      const seed = facts.seeded.peek()?.result();
      const details = { dropped: facts.tables.get(), applied: facts.applied, restorePoint: facts.restorePoint.peek()?.id ?? null };
      const summary = `${countOf(facts.applied.length, 'migration')} applied anew; ${seed?.summary ?? 'nothing was seeded'}`;
      return stageResult('migrate-reset', [...resetFindings(facts), ...(seed?.findings ?? [])], startedAtMs, deps.clock, details, summary);
    },
  };
}

function seedSteps({ seed }: ResetDeps, facts: ResetFacts): readonly Step[] {
  if (seed === undefined) return [];
  const steps = () => {
    facts.seeded.set(seed());
    return facts.seeded.get().steps;
  };
  return [{ id: 'seed', title: 'Seed', steps }];
}

function lookStep(deps: ResetDeps, facts: ResetFacts): Step {
  return {
    id: 'look',
    title: 'Look at what is there',
    run: async (io) => {
      deps.guard();
      const database = deps.openDatabase();
      refuseAnother((await database.identity(io.signal)).environments, deps);
      const folder = await deps.readMigrations();
      // Before anything is dropped: what could not be applied again must not go.
      pendingMigrations(folder.migrations, []);
      facts.folder.set(folder);
      const tables = await database.ownTables(io.signal);
      const stakes = await database.rowsAtStake(
        tables.map((table) => ({ table, column: null })),
        io.signal,
      );
      facts.tables.set(tables);
      facts.rows.set(stakes.reduce((sum, { rows }) => sum + (rows ?? 0), 0));
      return `${holdings(facts)}; ${countOf(folder.migrations.length, 'migration')} to apply`;
    },
  };
}

/** What lies outside of the schemas: nobody can tell which of it a migration made. */
const stays = 'roles, extensions in other schemas and Auth users stay';

function holdings(facts: ResetFacts): string {
  const tables = facts.tables.get();
  return tables.length === 0 ? 'no table' : `${tables.join(', ')} with ${counted(facts.rows.get())}`;
}

function refuseAnother(says: readonly string[], { environment, name }: ResetDeps): void {
  const other = says.find((each) => each !== environment);
  if (other === undefined) return;
  const expected = environment ?? 'one that is no environment’s';
  throw new StagingError('refused', 'RESET_OF_ANOTHER', `The database of ${name} says that it is ${other}'s, expected ${expected}.`, {
    fix:
      environment === undefined
        ? `Run \`jv-staging migrate reset\` with the configuration of ${other}, without \`--db-url-env\`.`
        : 'Correct `name` or `environment` in the configuration, then run `jv-staging status`.',
  });
}

function consentStep({ name }: ResetDeps, facts: ResetFacts, { confirm, dryRun }: ResetOptions): Step {
  return {
    id: 'consent',
    title: 'Check that this is meant',
    run: async () => {
      if (dryRun) return `would drop ${holdings(facts)}; ${stays}`;
      if (confirm === name) return `--confirm ${name}`;
      const seen = confirm === undefined ? 'its name was not typed' : `${JSON.stringify(confirm)} was typed`;
      throw new StagingError('refused', 'RESET_UNCONFIRMED', `This would drop ${holdings(facts)} in ${name}, and ${seen}.`, {
        fix: `Add \`--confirm ${name}\`.`,
      });
    },
  };
}

function restorePointStep(deps: ResetDeps, facts: ResetFacts, { acceptNoRestorePoint }: ResetOptions): Step {
  return {
    id: 'restore-point',
    title: 'Take a restore point',
    mutates: true,
    // A run that was cut off after the drop finds nothing that its own restore point has not.
    skip: () => (facts.tables.get().length === 0 ? 'there is nothing to keep' : undefined),
    run: async (io) => {
      try {
        facts.restorePoint.set(await deps.restorePoints().take('migrate reset', io.signal));
        return `${facts.restorePoint.get().id} at ${facts.restorePoint.get().place}`;
      } catch (error) {
        if (!acceptNoRestorePoint || !(error instanceof StagingError) || error.code !== 'RESTORE_POINT_NO_PLACE') throw error;
        return `none, as accepted: ${error.message}`;
      }
    },
  };
}

function dropStep({ openDatabase }: ResetDeps): Step {
  return {
    id: 'drop',
    title: 'Drop what the migrations own, and empty the ledger',
    mutates: true,
    run: (io) => openDatabase().dropOwned(io.signal),
    verify: async (io) => {
      const left = await openDatabase().ownTables(io.signal);
      if (left.length === 0) return;
      throw new StagingError(
        'vendor',
        'RESET_INCOMPLETE',
        `${left.join(', ')} came back while everything was dropped, expected no table.`,
        {
          fix: 'Stop what creates it, then run `jv-staging migrate reset` again.',
        },
      );
    },
  };
}

function applyStep(deps: ResetDeps, facts: ResetFacts): Step {
  return {
    id: 'apply',
    title: 'Apply every migration, each in a transaction of its own',
    mutates: true,
    run: async (io) => {
      const applied = (file: { readonly file: string }) => void facts.applied.push(file.file);
      await applyMigrations(deps.openDatabase(), pendingMigrations(facts.folder.get().migrations, []), io, { applied });
      return `${facts.applied.length} applied`;
    },
  };
}

function resetFindings(facts: ResetFacts): readonly Finding[] {
  const green = { verdict: 'green' } as const;
  const point = facts.restorePoint.peek();
  return [
    {
      ...green,
      id: 'restore-point',
      title: 'Restore point',
      seen: point === undefined ? 'none' : `${point.id} at ${point.place}`,
      expected: 'one, where there is something to keep',
    },
    {
      ...green,
      id: 'dropped',
      title: 'Dropped',
      seen: `${holdings(facts)}; ${stays}`,
      expected: 'everything in the schemas that the migrations own',
    },
    { ...green, id: 'applied', title: 'Migrations', seen: `${facts.applied.length} applied anew`, expected: 'all of the folder' },
  ];
}
