import { StagingError } from '../../core/errors.ts';
import { type ClassifiedMigration, classifyMigrations } from '../../core/migrate/classify.ts';
import { classFinding, dirtyFinding, isUnallowed, proofFinding } from '../../core/migrate/findings.ts';
import { readApplied, refuseInTransaction } from '../../core/migrate/in-transaction.ts';
import type { MigrationProof } from '../../core/migrate/proof.ts';
import type { Database, MigrationFile } from '../../core/ports/database.ts';
import type { MigrationFolder } from '../../core/release/migrations.ts';
import { slot } from '../../core/run/slot.ts';
import { type StageRun, verdictStep } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding } from '../../core/verdict.ts';
import { pendingIn } from './apply.ts';
import type { MigrateDeps } from './deps.ts';

/** What `migrate check` reports beside its findings. */
export interface MigrateCheckDetails {
  /** The pending files with the class of each statement. */
  readonly pending: readonly ClassifiedMigration[];
  /** What a rehearsal has shown; empty without one. */
  readonly proofs: readonly MigrationProof[];
}

/** A pending file with its class and what it may cost. */
export interface CheckedMigration {
  readonly file: MigrationFile;
  readonly migration: ClassifiedMigration;
  readonly finding: Finding;
}

/** Returns the folder's pending files with their classes and the rows at stake. Throws what keeps them from being applied (`MIGRATION_…`). */
export async function checkPending(
  deps: Pick<MigrateDeps, 'openDatabase' | 'parseMigration'>,
  folder: MigrationFolder,
  signal: AbortSignal,
): Promise<readonly CheckedMigration[]> {
  const database = deps.openDatabase();
  const pending = new Map((await pendingIn(database, folder, signal)).map((file) => [file.version, file]));
  if (pending.size === 0) return [];
  // All of them are read: earlier files say what a column's type was.
  const parsed = await Promise.all(
    folder.migrations.map((file) => (pending.has(file.version) ? deps.parseMigration(file) : readApplied(deps.parseMigration, file))),
  );
  for (const each of parsed) if (pending.has(each.file.version)) refuseInTransaction(each);
  const classified = classifyMigrations(parsed);
  const checked: CheckedMigration[] = [];
  for (const migration of classified) {
    const file = pending.get(migration.version);
    if (file === undefined) continue;
    const losses = migration.statements.flatMap((statement) => statement.losses);
    const stakes = losses.length === 0 ? [] : await database.rowsAtStake(losses, signal);
    checked.push({ file, migration, finding: classFinding(migration, stakes) });
  }
  return checked;
}

/** Throws `MIGRATION_DESTRUCTIVE` (exit 6) when a file takes something away and does not say why that may be. */
export function refuseUnallowed(checked: readonly CheckedMigration[]): void {
  const refused = checked.filter(({ migration }) => isUnallowed(migration));
  if (refused.length === 0) return;
  throw new StagingError(
    'refused',
    'MIGRATION_DESTRUCTIVE',
    `${refused.map(({ finding }) => `${finding.title}: ${finding.seen}`).join(' | ')}, expected nothing taken away, or a reason in the file.`,
    {
      fix: `Write \`-- jv:allow-destructive <reason>\` into ${refused.map(({ migration }) => migration.file).join(', ')}, if it is meant.`,
      data: { migrations: refused.map(({ migration }) => migration) },
    },
  );
}

/** Returns the stage that classifies what is pending, and with `rehearse` tries every migration up, down and up on a copy. */
export function migrateCheckStage(deps: MigrateDeps, { rehearse }: { readonly rehearse: boolean }): StageRun<MigrateCheckDetails> {
  const startedAtMs = deps.clock.nowMs();
  const checked = slot<readonly CheckedMigration[]>('pending migrations');
  const proofs = slot<readonly MigrationProof[]>('proofs');
  const dirty = slot<readonly Finding[]>('files that broke half way');
  const files = new Map<string, string>();
  const result = () => {
    const own = checked.get().map(({ finding }) => finding);
    const rehearsed = (proofs.peek() ?? []).map((proof) => proofFinding(proof, files.get(proof.version) ?? proof.version));
    const findings = [...(dirty.peek() ?? []), ...own, ...rehearsed];
    const details = { pending: checked.get().map(({ migration }) => migration), proofs: proofs.peek() ?? [] };
    const summary = `${own.length} pending${rehearse ? `, ${rehearsed.length} rehearsed` : ''}`;
    return stageResult('migrate-check', findings.length === 0 ? [nothingPending] : findings, startedAtMs, deps.clock, details, summary);
  };
  return {
    steps: [
      ...deps.before,
      {
        id: 'classify',
        title: 'Read what is pending with Postgres’s own parser',
        run: async (io) => {
          checked.set(await checkPending(deps, await deps.readMigrations(), io.signal));
          dirty.set(await dirtyFindings(deps.openDatabase(), checked.get(), io.signal));
          return `${checked.get().length} pending`;
        },
      },
      {
        id: 'destructive',
        title: 'Refuse what takes something away without saying why',
        run: async () => refuseUnallowed(checked.get()),
      },
      rehearseStep(deps, { rehearse, found: proofs.set, files }),
      verdictStep('Judge', result),
    ],
    result: () => (checked.peek() === undefined ? undefined : result()),
  };
}

/** Nothing is applied while one of these is in the way: `check` must not be green. */
async function dirtyFindings(database: Database, checked: readonly CheckedMigration[], signal: AbortSignal): Promise<readonly Finding[]> {
  const pending = new Set(checked.map(({ file }) => file.version));
  const dirty = (await database.dirtyMigrations(signal)).filter(({ version }) => pending.has(version));
  if (dirty.length === 0) return [];
  const invalid = await database.invalidIndexes(signal);
  return dirty.map((each) => dirtyFinding(each, invalid));
}

const nothingPending: Finding = { id: 'none', title: 'Pending migrations', verdict: 'green', seen: 'none', expected: 'any number' };

interface RehearseChoice {
  readonly rehearse: boolean;
  readonly found: (proofs: readonly MigrationProof[]) => void;
  /** Takes the file name of each version. */
  readonly files: Map<string, string>;
}

function rehearseStep(deps: MigrateDeps, { rehearse, found, files }: RehearseChoice): Step {
  return {
    id: 'rehearse',
    title: 'Try all migrations up, down and up again on a copy with the rows',
    mutates: true,
    skip: () => (rehearse ? undefined : 'not asked for'),
    run: async (io) => {
      const [{ migrations }, scripts] = await Promise.all([deps.readMigrations(), deps.readReverseScripts()]);
      for (const { version, file } of migrations) files.set(version, file);
      const pairs = migrations.map((up) => ({ up, down: scripts.find(({ version }) => version === up.version) }));
      const proofs = await deps.rehearsal().rehearse(pairs, io.signal);
      await deps.openDatabase().keepProofs(proofs, io.signal);
      found(proofs);
      return `${proofs.filter(({ reversible }) => reversible).length} of ${proofs.length} lead back`;
    },
  };
}
