import { StagingError } from '../errors.ts';
import type { MigrationFile } from '../ports/database.ts';
import type { MigrationNature } from '../rollback/plan.ts';
import { isGreen, type ReleaseRecord } from './release.ts';

/** A migration that is not applied yet, and what it does to what is there. */
export interface PendingMigration {
  readonly file: MigrationFile;
  readonly nature: MigrationNature;
}

/** What a deploy does with the pending migrations. */
export interface Phases {
  /** Applied before the domain moves, in order. */
  readonly now: readonly MigrationFile[];
  /** Contract migrations that wait for `deploy --contract` after a green release, in order. */
  readonly waiting: readonly MigrationFile[];
}

/**
 * Returns which pending migrations a deploy applies. What only adds goes first, since the code that is live runs beside it; what takes away
 * waits until code that no longer needs it is live and green. Before the first release nothing waits. Throws `DEPLOY_CONTRACT_IN_BETWEEN`
 * and `DEPLOY_CONTRACT_TOO_EARLY` (exit 6).
 */
export function migrationPhases(
  pending: readonly PendingMigration[],
  { contract, live }: { readonly contract: boolean; readonly live: ReleaseRecord | undefined },
): Phases {
  const files = pending.map(({ file }) => file);
  const first = pending.findIndex(isContract);
  if (live === undefined || first === -1) return { now: files, waiting: [] };
  const contracts = pending.filter(isContract).map(({ file }) => file);
  if (contract) {
    refuseEarly(contracts, live);
    return { now: files, waiting: [] };
  }
  const behind = pending.slice(first).find((each) => !isContract(each));
  if (behind !== undefined) throw inBetween(behind.file, contracts);
  return { now: files.slice(0, first), waiting: contracts };
}

/** Takes something away that the code of before needs. */
function isContract({ nature }: PendingMigration): boolean {
  return nature !== 'additive' && nature !== 'locking';
}

function refuseEarly(contracts: readonly MigrationFile[], live: ReleaseRecord): void {
  const early = contracts.filter(({ version }) => !live.contractWaiting.includes(version));
  if (early.length === 0 && isGreen(live)) return;
  const reason =
    early.length === 0
      ? `release ${live.id} is not green`
      : `${named(early)} was not there yet when release ${live.id} went out, so its code may need what goes`;
  throw new StagingError(
    'refused',
    'DEPLOY_CONTRACT_TOO_EARLY',
    `The contract migrations cannot be applied yet: ${reason}; expected a green release that they waited for.`,
    {
      fix: 'Run `jv-staging deploy`, and `jv-staging deploy --contract` once it is green.',
    },
  );
}

function inBetween(file: MigrationFile, contracts: readonly MigrationFile[]): StagingError {
  return new StagingError(
    'refused',
    'DEPLOY_CONTRACT_IN_BETWEEN',
    `${file.file} comes after ${named(contracts)}, which waits for \`deploy --contract\`; expected nothing behind it, since migrations are applied in order.`,
    { fix: 'Run `jv-staging deploy --contract` first, or give the contract migration a later version.' },
  );
}

function named(files: readonly MigrationFile[]): string {
  return files.map(({ file }) => file).join(', ');
}
