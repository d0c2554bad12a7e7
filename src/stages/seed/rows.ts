import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import type { Row } from '../../core/ports/database.ts';
import { canonicalJson, changedRows, resolvable, resolveRows, rowKeys, type SeedPlan, type SeedTable } from '../../core/seed/plan.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import { countOrphans, guardDatabase, type SeedChoice, type SeedDeps, type SeedDetails, seedResult } from './parts.ts';
import { resetSteps } from './reset.ts';
import { knownUsers, removeUsers, type RowFacts, takingBack, usersNamed, usersStep } from './users.ts';

/** Returns the stage that writes a seed file: users, then tables in order, only what is missing or differs; the end state is read back. */
export function rowsStage(deps: SeedDeps, resources: Resources, { profile, reset }: SeedChoice): StageRun<SeedDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: RowFacts = {
    seed: slot('seed plan'),
    authUserIds: {},
    clerkUserIds: {},
    newUsers: new Map(),
    stored: {},
    tables: [],
    changedUsers: 0,
    orphans: slot('orphans'),
  };
  return {
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      readStep(deps, facts, profile),
      ...resetSteps(deps, resources, reset, {
        what: () => `the rows and users of the profile ${profile}`,
        empty: (io) => emptyRows(deps, resources, facts.seed.get().plan, io.signal),
      }),
      usersStep(deps, resources, facts),
      {
        id: 'tables',
        title: 'Rows',
        steps: () => facts.seed.get().plan.tables.map((table) => tableStep(deps, resources, facts, table)),
      },
      {
        id: 'done',
        title: 'Every row read back',
        run: async (io) => {
          const tables = facts.seed.get().plan.tables.map(({ table }) => table);
          facts.orphans.set(await countOrphans(deps, tables, io));
          const changed = totalChanged(facts);
          return changed === 0 ? 'nothing to do: 0 rows changed' : `${changed} changed`;
        },
      },
    ],
    result: () => (facts.orphans.peek() === undefined ? undefined : rowsResult(deps, facts, profile, startedAtMs)),
  };
}

function readStep(deps: SeedDeps, facts: RowFacts, profile: string): Step {
  return {
    id: 'read',
    title: `Read the seed profile ${profile}`,
    run: async () => {
      facts.seed.set(await deps.readSeed(profile));
      const { plan } = facts.seed.get();
      const rows = plan.tables.reduce((sum, table) => sum + table.rows.length, 0);
      return `${countOf(plan.auth.length, 'user')}, ${countOf(rows, 'row')} in ${countOf(plan.tables.length, 'table')}`;
    },
  };
}

function tableStep(deps: SeedDeps, resources: Resources, facts: RowFacts, table: SeedTable): Step {
  return {
    id: table.table,
    title: table.table,
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const changed = await takingBack(deps, facts, () => writeTable(deps, facts, table, io));
      const fingerprint = fingerprintOf(deps, table, facts.stored[table.table] ?? []);
      facts.tables.push({ table: table.table, rows: table.rows.length, changed, fingerprint });
      return `${countOf(table.rows.length, 'row')}, ${changed} changed`;
    },
  };
}

async function writeTable(deps: SeedDeps, facts: RowFacts, table: SeedTable, io: StepIo): Promise<number> {
  const api = deps.openDataApi();
  const wanted = resolveRows(table, {
    nowMs: deps.clock.nowMs(),
    authUserIds: facts.authUserIds,
    clerkUserIds: facts.clerkUserIds,
    stored: facts.stored,
  });
  const keys = rowKeys(table.key, wanted);
  const existing = await api.rowsByKey(table.table, table.key, keys, io.signal);
  const changed = changedRows(table.key, existing, wanted);
  if (changed.length > 0) await api.upsert(table.table, table.key, changed, io.signal);
  const stored = changed.length === 0 ? existing : await api.rowsByKey(table.table, table.key, keys, io.signal);
  const different = changedRows(table.key, stored, wanted);
  if (different.length > 0) {
    throw new StagingError(
      'red',
      'SEED_ROWS_DIFFER',
      `${different.length} of ${wanted.length} rows of ${table.table} differ from the seed after writing, expected 0.`,
      {
        fix: `Look for a trigger or policy that changes ${table.table}, then run \`jv-staging seed\` again.`,
      },
    );
  }
  facts.stored[table.table] = stored;
  for (const id of usersNamed(facts, table, stored)) facts.newUsers.delete(id);
  return changed.length;
}

function totalChanged(facts: RowFacts): number {
  return facts.tables.reduce((sum, table) => sum + table.changed, facts.changedUsers);
}

/** Digest of the rows as stored, of the columns that the seed names, in the order of their keys. */
function fingerprintOf(deps: SeedDeps, table: SeedTable, stored: readonly Row[]): string {
  const columns = Object.keys(table.rows[0] ?? {});
  const lines = stored.map((row) => canonicalJson(columns.map((column) => row[column] ?? null))).toSorted();
  return deps.isolation.sha256(lines.join('\n')).slice(0, 15);
}

function rowsResult(deps: SeedDeps, facts: RowFacts, profile: string, startedAtMs: number) {
  const { plan, version } = facts.seed.get();
  const users = { wanted: plan.auth.length, changed: facts.changedUsers };
  const orphans = facts.orphans.get();
  return seedResult(
    deps,
    { profile, seedVersion: version, users, tables: facts.tables, entries: [], changed: totalChanged(facts), orphans },
    startedAtMs,
  );
}

/** Removes a seed's rows, later tables first, and its users; rows of others that hang on them go by their foreign keys. */
async function emptyRows(deps: SeedDeps, resources: Resources, plan: SeedPlan, signal: AbortSignal): Promise<string> {
  guardDatabase(deps, resources);
  const api = deps.openDataApi();
  const found: (SeedTable & { readonly keys: readonly Row[] })[] = [];
  const stored: Record<string, readonly Row[]> = {};
  const users = await knownUsers(deps, plan, signal);
  for (const table of plan.tables) {
    const context = { nowMs: deps.clock.nowMs(), ...users, stored };
    const wanted = resolvable(table, context);
    const keys = rowKeys(table.key, wanted);
    stored[table.table] = keys.length === 0 ? [] : await api.rowsByKey(table.table, table.key, keys, signal);
    found.push({ ...table, keys: rowKeys(table.key, stored[table.table] ?? []) });
  }
  const removed = await deps.openBulk().removeKeys(found.toReversed(), signal);
  await removeUsers(deps, users, signal);
  return `${countOf(removed, 'row')} and ${countOf(Object.keys(users.authUserIds).length, 'user')} removed`;
}
