import { StagingError } from '../../core/errors.ts';
import { type ClassifiedMigration, classifyMigrations, type Loss } from '../../core/migrate/classify.ts';
import { readApplied } from '../../core/migrate/in-transaction.ts';
import type { ParsedMigration } from '../../core/migrate/effects.ts';
import { lossText, type MigrationProof, proofFor } from '../../core/migrate/proof.ts';
import type { Database, MigrationFile } from '../../core/ports/database.ts';
import type { Rehearsal } from '../../core/ports/rehearsal.ts';
import type { Reversals } from '../../core/ports/reversals.ts';
import type { MigrationFolder } from '../../core/release/migrations.ts';
import type { MigrationBetween } from '../../core/rollback/plan.ts';

/** What knowing migrations needs. */
export interface ReversalDeps {
  readonly openDatabase: () => Database;
  readonly readMigrations: () => Promise<MigrationFolder>;
  readonly readReverseScripts: () => Promise<readonly MigrationFile[]>;
  readonly parseMigration: (file: MigrationFile) => Promise<ParsedMigration>;
  /** Copies of the database to try reverse scripts on. */
  readonly rehearsal: () => Rehearsal;
}

/** Returns what is known of the migrations in the folder: their class by Postgres's parser, and what rehearsals have shown. */
export function migrationReversals(deps: ReversalDeps): Reversals {
  return {
    between: async (versions, signal) => {
      const [{ migrations }, scripts, proofs] = await Promise.all([
        deps.readMigrations(),
        deps.readReverseScripts(),
        deps.openDatabase().proofs(signal),
      ]);
      const found: MigrationBetween[] = [];
      for (const version of versions) {
        const up = migrations.find((file) => file.version === version);
        const down = scripts.find((file) => file.version === version);
        if (up === undefined)
          found.push({ version, file: version, nature: 'unknown', isProven: false, doubt: 'its file is gone', rowsAtStake: {} });
        else found.push(await knownOf(deps, { up, down, proof: proofFor(proofs, { up, down }) }, signal));
      }
      return found;
    },
    rehearse: async (signal) => {
      const [{ migrations }, scripts] = await Promise.all([deps.readMigrations(), deps.readReverseScripts()]);
      const proofs = await deps.openDatabase().proofs(signal);
      const pairs = migrations.map((up) => ({ up, down: scripts.find(({ version }) => version === up.version) }));
      // The newer ones go with it: they stand above it on the copy.
      const first = pairs.findIndex((pair) => pair.down !== undefined && proofFor(proofs, pair) === undefined);
      if (first === -1) return [];
      const found = await deps.rehearsal().rehearse(pairs.slice(first), signal);
      await deps.openDatabase().keepProofs(found, signal);
      return found.map(({ version, reversible, reason }) => ({ version, isProven: reversible, doubt: reason ?? undefined }));
    },
    reverse: async (version, signal) => {
      const down = (await deps.readReverseScripts()).find((file) => file.version === version);
      if (down === undefined) {
        throw new StagingError('missing', 'MIGRATION_NO_REVERSE', `Migration ${version} has no reverse script.`, {
          fix: 'Write one of the same file name in the folder of reverse scripts.',
        });
      }
      await deps.openDatabase().reverseMigration(down, signal);
    },
  };
}

/** Returns a migration with its class; the files before it tell the types of columns. */
async function classOf({ readMigrations, parseMigration }: ReversalDeps, migration: MigrationFile): Promise<ClassifiedMigration> {
  const earlier = (await readMigrations()).migrations.filter(({ version }) => version < migration.version);
  const parsed = await Promise.all(earlier.map((file) => readApplied(parseMigration, file)));
  const last = classifyMigrations([...parsed, await parseMigration(migration)]).at(-1);
  if (last === undefined) throw new Error(`${migration.file} has no class.`);
  return last;
}

async function knownOf(
  deps: ReversalDeps,
  { up, down, proof }: { readonly up: MigrationFile; readonly down: MigrationFile | undefined; readonly proof: MigrationProof | undefined },
  signal: AbortSignal,
): Promise<MigrationBetween> {
  const unrehearsed = 'not rehearsed with these files; run `jv-staging migrate check --rehearse`';
  const doubt = down === undefined ? 'it has no reverse script' : proof === undefined ? unrehearsed : proof.reason;
  return {
    version: up.version,
    file: up.file,
    nature: (await classOf(deps, up)).class,
    isProven: proof?.reversible === true,
    doubt: doubt ?? undefined,
    rowsAtStake: await stakesOf(deps, proof?.losses ?? [], signal),
  };
}

async function stakesOf(
  { openDatabase }: ReversalDeps,
  losses: readonly Loss[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const stakes = losses.length === 0 ? [] : await openDatabase().rowsAtStake(losses, signal);
  return Object.fromEntries(stakes.flatMap((stake) => (stake.rows === null || stake.rows === 0 ? [] : [[lossText(stake), stake.rows]])));
}
