import { StagingError } from '../../errors.ts';
import type { SourceFacts, SourceTable } from '../../ports/source-database.ts';
import { isTreatable, type Treatment } from './treatments.ts';

/** What is copied from production, and how. A table that is not named is not copied. */
export interface AnonymiseSettings {
  /** What becomes of each column, by table and column; columns of plain types (numbers, times, ids, closed sets) are kept unless named. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, Treatment>>>>;
  /** Tables of staging that are emptied, beside those whose names speak of an outbox, schedules or webhooks. */
  readonly empty: readonly string[];
}

/** A table that is copied. */
export interface CopiedTable {
  readonly table: string;
  readonly key: readonly string[];
  /** Columns that are written, in order. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly treatment: Exclude<Treatment, 'drop'> }[];
  /** Columns whose values the copy must not hold: all that are not kept. */
  readonly hidden: readonly string[];
  /** Columns of the copy that may hold free text. */
  readonly scanned: readonly string[];
}

/** Names of tables that hold secrets: their rows are of no use to staging, and of much use to a thief. */
const secretName = /(^|_)(secrets?|credentials?|passwords?|tokens?|api_?keys?|keys|sessions?|otps?|mfa|vault|private)(_|$)/;

/** Names of tables that make something happen outside: what they hold would be sent, called or run by staging. */
const actingName = /(^|_)(outbox|webhooks?|schedules?|scheduled|cron)(_|$)/;

/** Returns true for the name of a table that makes something happen outside. */
export function isActing(table: string): boolean {
  return actingName.test(table);
}

/**
 * Returns what is copied, tables before those that refer to them. Default deny: throws `ANONYMISE_SOURCE_WRITABLE`, `ANONYMISE_SECRET_TABLE` and
 * `ANONYMISE_UNCLASSIFIED`, which names every column, all of kind `refused`: an unclassified column is no mistake in the configuration of
 * yesterday but a column that production has since today, and what is at stake is its data. Throws `ANONYMISE_INVALID` (kind `usage`) for what
 * the configuration names and the source has not, or what cannot be done.
 */
export function planCopy(facts: SourceFacts, { tables, empty }: AnonymiseSettings): readonly CopiedTable[] {
  refuseWritable(facts);
  const names = Object.keys(tables);
  const found = new Map(facts.tables.map((table) => [table.table, table]));
  const secret = names.filter((name) => secretName.test(name));
  if (secret.length > 0) {
    throw refused('ANONYMISE_SECRET_TABLE', `The configuration copies ${secret.join(', ')}, by name a table of secrets, expected none.`, {
      fix: 'Remove it from `seed.anonymise.tables`.',
      data: { tables: secret },
    });
  }
  const chosen = facts.tables.filter(({ table }) => names.includes(table));
  const problems = [
    ...names.filter((name) => !found.has(name)).map((name) => `the source has no table ${name}`),
    ...names.filter((name) => isActing(name) || empty.includes(name)).map((name) => `${name} is emptied and cannot be copied, too`),
    ...chosen.flatMap((table) => problemsOf(table, tables[table.table] ?? {})),
  ];
  if (problems.length > 0) {
    throw new StagingError('usage', 'ANONYMISE_INVALID', `\`seed.anonymise\` does not fit the source: ${problems.join('; ')}.`, {
      fix: 'Correct `seed.anonymise` in the configuration.',
      data: { problems },
    });
  }
  const open = chosen.flatMap((table) => unclassified(table, tables[table.table] ?? {}));
  if (open.length > 0) {
    throw refused(
      'ANONYMISE_UNCLASSIFIED',
      `Nothing was read from ${open.join(', ')}: the configuration does not say what becomes of it, expected keep, drop, pseudonym, name, email, phone or company for each.`,
      { fix: `Add it to \`seed.anonymise.tables\`, e.g. ${example(open[0] ?? '')}.`, data: { columns: open } },
    );
  }
  return inOrder(chosen).map((table) => copied(table, tables[table.table] ?? {}));
}

function refuseWritable({ writable }: SourceFacts): void {
  if (writable.length === 0) return;
  throw refused(
    'ANONYMISE_SOURCE_WRITABLE',
    `The role that reads production can write: ${writable.join('; ')}; expected one that may only read.`,
    {
      fix: 'Make a role with SELECT alone (`create role staging_reader login bypassrls`, `grant select on …`) and name it in `production.database`.',
      data: { writable },
    },
  );
}

function refused(code: string, message: string, details: { readonly fix: string; readonly data: unknown }): StagingError {
  return new StagingError('refused', code, message, details);
}

function example(column: string): string {
  const [table, name] = column.split('.');
  return `${table}: { ${name}: 'drop' }`;
}

function problemsOf({ table, columns, key }: SourceTable, wanted: Readonly<Record<string, Treatment>>): readonly string[] {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return [
    ...(key.length === 0 ? [`${table} has no primary key`] : []),
    ...key.filter((column) => wanted[column] === 'drop').map((column) => `${table}.${column} is part of the key and cannot be dropped`),
    ...Object.entries(wanted).flatMap(([column, treatment]) => {
      const type = types.get(column);
      if (type === undefined) return [`the source has no column ${table}.${column}`];
      return isTreatable(type, treatment) ? [] : [`${table}.${column} of type ${type} cannot become ${treatment}`];
    }),
  ];
}

function unclassified({ table, columns }: SourceTable, wanted: Readonly<Record<string, Treatment>>): readonly string[] {
  return columns.flatMap(({ name, isPlain }) => (isPlain || wanted[name] !== undefined ? [] : [`${table}.${name}`]));
}

function copied({ table, columns, key }: SourceTable, wanted: Readonly<Record<string, Treatment>>): CopiedTable {
  const treated = columns.map((column) => ({ ...column, treatment: wanted[column.name] ?? 'keep' }));
  return {
    table,
    key,
    columns: treated.flatMap(({ name, type, treatment }) => (treatment === 'drop' ? [] : [{ name, type, treatment }])),
    hidden: treated.filter(({ treatment }) => treatment !== 'keep').map(({ name }) => name),
    scanned: treated.filter(({ isPlain, treatment }) => !isPlain && treatment !== 'drop').map(({ name }) => name),
  };
}

/** Orders tables so that each comes after those that it refers to; a circle is left as it is, and its foreign keys will tell. */
function inOrder(tables: readonly SourceTable[]): readonly SourceTable[] {
  const placed: SourceTable[] = [];
  let waiting = [...tables];
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ table }) => table));
    const ready = waiting.filter(({ references }) => references.every((name) => !names.has(name)));
    const next = ready.length > 0 ? ready : waiting;
    placed.push(...next);
    waiting = waiting.filter((table) => !next.includes(table));
  }
  return placed;
}
