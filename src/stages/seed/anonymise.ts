import { StagingError } from '../../core/errors.ts';
import type { CopyChunk } from '../../core/ports/bulk.ts';
import type { SourceDatabase } from '../../core/ports/source-database.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { type LeakIndex, leakIndex } from '../../core/seed/anonymise/leaks.ts';
import { type CopiedTable, isActing, planCopy } from '../../core/seed/anonymise/plan.ts';
import { treat } from '../../core/seed/anonymise/treatments.ts';
import { copyLine } from '../../core/seed/copy-text.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import { count, countOrphans, guardDatabase, type SeedDeps, type SeedDetails, type SeededTable, seedResult } from './parts.ts';

interface CopyFacts {
  readonly plan: ReturnType<typeof slot<readonly CopiedTable[]>>;
  readonly written: SeededTable[];
  readonly hidden: LeakIndex;
  readonly orphans: ReturnType<typeof slot<number>>;
}

/**
 * Returns the stage that copies production's rows with everything hidden that the configuration does not keep. Before a row is written it is
 * looked through for the source's own hidden values, and so is the copy afterwards; one of them anywhere is red, and its table stays as it was.
 */
export function anonymiseStage(deps: SeedDeps, resources: Resources): StageRun<SeedDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: CopyFacts = { plan: slot('copy plan'), written: [], hidden: leakIndex(), orphans: slot('orphans') };
  const changed = () => facts.written.reduce((sum, table) => sum + table.changed, 0);
  return {
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      planStep(deps, resources, facts),
      stillStep(deps, resources),
      copyStep(deps, resources, facts),
      scanStep(deps, resources, facts),
      {
        id: 'done',
        title: 'Every foreign key leads somewhere',
        run: async (io) => {
          const tables = facts.plan.get().map(({ table }) => table);
          facts.orphans.set(await countOrphans(deps, tables, io));
          return changed() === 0 ? 'nothing to do: 0 rows changed' : `${count(changed())} changed, ${count(facts.orphans.get())} orphans`;
        },
      },
    ],
    result: () => {
      const orphans = facts.orphans.peek();
      if (orphans === undefined) return undefined;
      const users = { wanted: 0, changed: 0 };
      const tables = facts.written;
      return seedResult(
        deps,
        { profile: 'production', seedVersion: 'production-anonymised', users, tables, entries: [], changed: changed(), orphans },
        startedAtMs,
      );
    },
  };
}

function planStep(deps: SeedDeps, resources: Resources, facts: CopyFacts): Step {
  return {
    id: 'plan',
    title: 'Look at production, and at what may be read of it',
    run: async (io) => {
      const source = await deps.source.inspect(io.signal);
      const target = await deps.openTarget().inspect(io.signal);
      if (source.identity === target.identity) throw sameDatabase();
      facts.plan.set(planCopy(source, settingsOf(deps)));
      const ignored = source.tables.length - facts.plan.get().length;
      guardDatabase(deps, resources);
      return `${facts.plan.get().length} tables to copy, ${ignored} left out, the role cannot write`;
    },
  };
}

function settingsOf({ settings }: SeedDeps) {
  if (settings.seed.anonymise !== undefined) return settings.seed.anonymise;
  throw new StagingError(
    'usage',
    'ANONYMISE_INVALID',
    'The configuration says of no table what becomes of it, expected `seed.anonymise`.',
    {
      fix: 'Add `seed: { anonymise: { tables: { … } } }` to the configuration.',
    },
  );
}

function sameDatabase(): StagingError {
  return new StagingError(
    'refused',
    'ANONYMISE_SAME_DATABASE',
    '`production.database` leads to staging’s own database, expected production’s.',
    {
      fix: 'Correct the variable that `production.database` names.',
    },
  );
}

/** What would be sent, called or run by staging goes, and no job runs before somebody looks. */
function stillStep(deps: SeedDeps, resources: Resources): Step {
  return {
    id: 'still',
    title: 'Pause the queues; empty outbox, schedules and webhooks',
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const { queues } = deps.settings.upstash;
      await deps.openPauses().pause(queues, io.signal);
      const { tables } = await deps.openTarget().inspect(io.signal);
      const acting = tables.map(({ table }) => table).filter((table) => isActing(table) || settingsOf(deps).empty.includes(table));
      const removed = await deps.openBulk().empty(acting, io.signal);
      return `${queues.length} queues paused, ${count(removed)} rows of ${acting.length} tables removed`;
    },
  };
}

function copyStep(deps: SeedDeps, resources: Resources, facts: CopyFacts): Step {
  return {
    id: 'copy',
    title: 'Copy what may be copied',
    mutates: true,
    run: async (io) => {
      guardDatabase(deps, resources);
      const sealing = await deps.isolation.sealing();
      const digest = (text: string) => sealing.fingerprint(`pseudonym ${text}`);
      const tools = { digest, vocabulary: await deps.vocabulary(deps.settings.seed.value) };
      await deps.source.snapshot(async () => {
        for (const table of facts.plan.get()) await noteHidden(deps.source, table, facts.hidden, io);
        for (const table of facts.plan.get()) {
          const chunks = () => treatedChunks(deps.source, table, facts.hidden, { ...tools, signal: io.signal });
          const columns = table.columns.map(({ name }) => name);
          const merged = await deps
            .openBulk()
            .merge({ table: table.table, key: table.key, columns, chunks }, progress(table, io), io.signal);
          const changed = merged.inserted + merged.updated;
          facts.written.push({ table: table.table, rows: merged.rows, changed, fingerprint: merged.fingerprint });
        }
      }, io.signal);
      return `${count(facts.written.reduce((sum, { rows }) => sum + rows, 0))} rows of ${facts.written.length} tables`;
    },
  };
}

function progress({ table }: CopiedTable, io: StepIo): (rows: number) => void {
  let sent = 0;
  return (rows) => io.note(`${table}: ${count((sent += rows))} rows`);
}

async function noteHidden(source: SourceDatabase, { table, hidden }: CopiedTable, index: LeakIndex, io: StepIo): Promise<void> {
  if (hidden.length === 0) return;
  io.note(`reading what must stay hidden of ${table}`);
  for await (const rows of source.rows(table, hidden, io.signal))
    for (const row of rows) for (const value of row) if (value !== null) index.add(value);
}

async function* treatedChunks(
  source: SourceDatabase,
  { table, columns, scanned }: CopiedTable,
  index: LeakIndex,
  tools: Parameters<typeof treat>[3] & { readonly signal: AbortSignal },
): AsyncGenerator<CopyChunk> {
  const names = columns.map(({ name }) => name);
  for await (const rows of source.rows(table, names, tools.signal)) {
    let text = '';
    for (const row of rows) {
      const treated = columns.map(({ treatment, type }, at) => treat(row[at] ?? null, treatment, type, tools));
      for (const [at, value] of treated.entries()) {
        const name = names[at] ?? '';
        if (value !== null && scanned.includes(name) && index.isLeaking(value)) throw leak([`${table}.${name}`], 'was about to be written');
      }
      text += copyLine(treated);
    }
    yield { text, rows: rows.length };
  }
}

/** Never names the value. */
function leak(columns: readonly string[], how: string): StagingError {
  return new StagingError(
    'red',
    'ANONYMISE_LEAK',
    `A value of production that must stay hidden ${how} in ${columns.join(', ')}, expected none.`,
    { fix: `Give ${columns[0] ?? ''} another treatment than it has under \`seed.anonymise.tables\`.`, data: { columns } },
  );
}

/** Reads the copy as it is stored: a trigger, a default or an older row may have brought in what was not sent. */
function scanStep(deps: SeedDeps, resources: Resources, facts: CopyFacts): Step {
  return {
    id: 'scan',
    title: 'Look for production’s hidden values in the copy',
    skip: () => (facts.written.length === 0 ? 'nothing was copied' : undefined),
    run: async (io) => {
      guardDatabase(deps, resources);
      const leaking = new Set<string>();
      let looked = 0;
      for (const { table, textColumns } of await scannedTables(deps, facts, io)) {
        for await (const rows of deps.openTarget().rows(table, textColumns, io.signal)) {
          looked += rows.length;
          for (const row of rows)
            for (const [at, value] of row.entries())
              if (value !== null && facts.hidden.isLeaking(value)) leaking.add(`${table}.${textColumns[at]}`);
        }
      }
      if (leaking.size > 0) throw leak([...leaking], 'stands');
      return `${count(looked)} rows looked through for ${count(facts.hidden.size)} values, 0 found`;
    },
  };
}

async function scannedTables(deps: SeedDeps, facts: CopyFacts, io: StepIo) {
  const names = new Set(facts.plan.get().map(({ table }) => table));
  const { tables } = await deps.openTarget().inspect(io.signal);
  return tables
    .filter(({ table }) => names.has(table))
    .map(({ table, columns }) => ({ table, textColumns: columns.filter(({ isPlain }) => !isPlain).map(({ name }) => name) }))
    .filter(({ textColumns }) => textColumns.length > 0);
}
