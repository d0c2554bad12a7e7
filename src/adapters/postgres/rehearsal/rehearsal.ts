import { type CatalogSnapshot, diffCatalogs, differenceText } from '../../../core/catalog/catalog.ts';
import { type ClassifiedMigration, classifyMigrations, type Loss } from '../../../core/migrate/classify.ts';
import { readApplied } from '../../../core/migrate/in-transaction.ts';
import { type HeldLock, lossText, type MigrationProof, type ReversibleMigration } from '../../../core/migrate/proof.ts';
import { StagingError } from '../../../core/errors.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import type { Rehearsal, ScratchDatabases } from '../../../core/ports/rehearsal.ts';
import { parseMigration } from '../parse/migration.ts';
import { type Copy, type CopyState, openCopy } from './copy.ts';
import { changedColumns } from './digest.ts';

/** Returns the rehearsal on copies that `scratch` makes. */
export function postgresRehearsal(scratch: ScratchDatabases): Rehearsal {
  return {
    rehearse: async (migrations, signal) => {
      const database = await scratch.copy(signal);
      try {
        const copy = openCopy(database.url);
        try {
          return await rehearseOn(copy, migrations, signal);
        } finally {
          await copy.close();
        }
      } finally {
        await database.remove();
      }
    },
  };
}

async function rehearseOn(copy: Copy, migrations: readonly ReversibleMigration[], signal: AbortSignal): Promise<readonly MigrationProof[]> {
  const ordered = migrations.toSorted((left, right) => (left.up.version < right.up.version ? -1 : 1));
  const applied = new Set(await copy.applied(signal));
  const parsed = await Promise.all(
    ordered.map(({ up }) => (applied.has(up.version) ? readApplied(parseMigration, up) : parseMigration(up))),
  );
  const classes = classifyMigrations(parsed);
  const subjects = await Promise.all(
    ordered.map(async (migration, index) => ({ ...migration, nature: classes[index], losses: await lossesOf(migration.down) })),
  );
  const [there, pending] = [subjects.filter(({ up }) => applied.has(up.version)), subjects.filter(({ up }) => !applied.has(up.version))];
  return [...(await downAndUp(copy, there, signal)), ...(await upDownUp(copy, pending, signal))];
}

interface Subject extends ReversibleMigration {
  readonly nature: ClassifiedMigration | undefined;
  readonly losses: readonly Loss[];
}

/** What a reverse script takes with it. A script that is not SQL says so when it is run. */
async function lossesOf(down: MigrationFile | undefined): Promise<readonly Loss[]> {
  if (down === undefined) return [];
  const parsed = await parseMigration(down).catch(() => undefined);
  return parsed === undefined ? [] : classifyMigrations([parsed]).flatMap(({ statements }) => statements.flatMap(({ losses }) => losses));
}

/** Takes those that are applied down, newest first, as far as it goes, and up again. */
async function downAndUp(copy: Copy, subjects: readonly Subject[], signal: AbortSignal): Promise<readonly MigrationProof[]> {
  const proofs = new Map<string, MigrationProof>();
  const taken: { readonly subject: Subject; readonly above: CopyState; readonly below: CopyState }[] = [];
  let above = await copy.state(signal);
  let stop: string | undefined;
  for (const subject of subjects.toReversed()) {
    const before = stop;
    const reason = before ?? (await takeDown(copy, subject, above, signal));
    if (reason !== undefined) {
      stop ??= `it cannot be reached on the copy, for ${subject.up.file} after it cannot be taken back`;
      proofs.set(subject.up.version, proofOf(subject, { reason, isBroken: reason !== before && subject.down !== undefined }));
      continue;
    }
    const below = await copy.state(signal);
    taken.push({ subject, above, below });
    above = below;
  }
  let broken: string | undefined;
  for (const { subject, above: wanted, below } of taken.toReversed()) {
    if (broken !== undefined) {
      proofs.set(subject.up.version, proofOf(subject, { reason: broken }));
      continue;
    }
    const ran = await attempt(() => copy.run(subject.up, below.catalog, signal));
    const reason = 'reason' in ran ? `up again fails: ${ran.reason}` : await differs(copy, wanted, signal);
    if ('reason' in ran) broken = `it cannot be reached on the copy, for ${subject.up.file} before it fails`;
    const wrong = reason ?? idleReason(subject, wanted, below);
    const found = { reason: wrong ?? lostReason(subject), isBroken: wrong !== undefined, locks: 'reason' in ran ? [] : ran.value };
    proofs.set(subject.up.version, proofOf(subject, found));
  }
  return subjects.flatMap(({ up }) => proofs.get(up.version) ?? []);
}

async function takeDown(copy: Copy, { down }: Subject, above: CopyState, signal: AbortSignal): Promise<string | undefined> {
  if (down === undefined) return 'it has no reverse script';
  const ran = await attempt(() => copy.run(down, above.catalog, signal));
  return 'reason' in ran ? `its reverse script fails: ${ran.reason}` : undefined;
}

/** A script that changes nothing leads nowhere, whatever going up again gives. */
function idleReason({ nature }: Subject, above: CopyState, below: CopyState): string | undefined {
  const doesSomething = (nature?.statements ?? []).length > 0;
  return doesSomething &&
    diffCatalogs(above.catalog, below.catalog).length === 0 &&
    changedColumns(above.digests, below.digests).length === 0
    ? 'its reverse script changes nothing'
    : undefined;
}

function lostReason({ nature }: Subject): string | undefined {
  const [loss] = (nature?.statements ?? []).flatMap(({ losses }) => losses);
  return loss === undefined ? undefined : `what it took of ${lossText(loss)} is gone since it was applied`;
}

/** Applies those that are pending, takes each down and applies it again. */
async function upDownUp(copy: Copy, subjects: readonly Subject[], signal: AbortSignal): Promise<readonly MigrationProof[]> {
  const proofs: MigrationProof[] = [];
  let stop: string | undefined;
  for (const subject of subjects) {
    if (stop !== undefined) {
      proofs.push(proofOf(subject, { reason: stop }));
      continue;
    }
    const before = await copy.state(signal);
    const ran = await attempt(() => copy.run(subject.up, before.catalog, signal));
    if ('reason' in ran) {
      stop = `it cannot be reached on the copy, for ${subject.up.file} before it fails`;
      proofs.push(proofOf(subject, { reason: `it fails: ${ran.reason}`, isBroken: true }));
      continue;
    }
    const back = await thereAndBack(copy, subject, before, signal);
    if (back.isStuck) stop = `it cannot be reached on the copy, for ${subject.up.file} before it does not come up again`;
    proofs.push(proofOf(subject, { ...back, locks: ran.value }));
  }
  return proofs;
}

/** Takes a migration that was just applied down and up again; `isStuck`: the copy is left in a state that nobody wants. */
async function thereAndBack(copy: Copy, subject: Subject, before: CopyState, signal: AbortSignal) {
  const above = await copy.state(signal);
  const failed = await takeDown(copy, subject, above, signal);
  if (failed !== undefined) return { reason: failed, isBroken: subject.down !== undefined, isStuck: false };
  const below = await copy.state(signal);
  const left = catalogReason('its reverse script does not lead back', before.catalog, below.catalog);
  const again = await attempt(() => copy.run(subject.up, below.catalog, signal));
  if ('reason' in again) return { reason: left ?? `up again fails: ${again.reason}`, isBroken: true, isStuck: true };
  const wrong = left ?? (await differs(copy, above, signal));
  const changed = changedColumns(before.digests, below.digests);
  const values = changed.length === 0 ? undefined : `after its reverse script ${changed.join(', ')} does not hold the values of before`;
  return { reason: wrong ?? values ?? unprovenLoss(subject, before), isBroken: wrong !== undefined, isStuck: false };
}

/** Rows that it takes must have been there to be seen coming back. */
function unprovenLoss({ nature }: Subject, { digests }: CopyState): string | undefined {
  const losses = (nature?.statements ?? []).flatMap(({ losses: own }) => own);
  const empty = losses.find(({ table, column }) =>
    [...digests].every(
      ([name, { values }]) => (column === null ? !name.startsWith(`${table}.`) : name !== `${table}.${column}`) || values === '0',
    ),
  );
  return empty === undefined ? undefined : `it loses ${lossText(empty)}, and the copy holds nothing there that could be seen coming back`;
}

async function differs(copy: Copy, wanted: CopyState, signal: AbortSignal): Promise<string | undefined> {
  const now = await copy.state(signal);
  return catalogReason('up again gives another schema', wanted.catalog, now.catalog);
}

function catalogReason(text: string, wanted: CatalogSnapshot, actual: CatalogSnapshot): string | undefined {
  const differences = diffCatalogs(wanted, actual);
  if (differences.length === 0) return undefined;
  const named = differences.slice(0, 3).map(differenceText);
  const more = differences.length > named.length ? [`and ${differences.length - named.length} more`] : [];
  return `${text}: ${[...named, ...more].join(', ')}`;
}

async function attempt<Value>(work: () => Promise<Value>): Promise<{ readonly value: Value } | { readonly reason: string }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof StagingError && error.kind === 'red') return { reason: error.message };
    throw error;
  }
}

function proofOf(
  { up, down, losses }: Subject,
  found: { readonly reason?: string | undefined; readonly isBroken?: boolean; readonly locks?: readonly HeldLock[] },
): MigrationProof {
  const { reason, isBroken = false, locks = [] } = found;
  return {
    version: up.version,
    upChecksum: up.checksum,
    downChecksum: down?.checksum ?? null,
    reversible: reason === undefined,
    isBroken: isBroken && reason !== undefined,
    reason: reason ?? null,
    locks,
    lockMs: Math.max(0, ...locks.map(({ heldMs }) => heldMs)),
    losses,
  };
}
