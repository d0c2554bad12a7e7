import { StagingError } from '../errors.ts';
import type { JsonValue, Row } from '../ports/database.ts';

/**
 * One value of a seed row. In the file a plain JSON value stands for itself; an object with exactly one of these keys is
 * a directive (parsed by `config/seed-schema.ts`):
 *
 * - `{"daysFromNow": 26}`: the date so many days from today in UTC, `YYYY-MM-DD` (negative: in the past);
 * - `{"idOf": {"table": "users", "key": {"email": "a@b.c"}}}`: the `id` of the row of an earlier table that has this natural key;
 * - `{"authUserId": "a@b.c"}`: the id of the auth user with this address, who must be listed under `auth`;
 * - `{"clerkUserId": {"email": "a@b.c", "without": "test_user"}}`: the id of the Clerk user with this address, who must be listed under `auth`;
 *   where no Clerk is configured, what stands under `without`.
 */
export type SeedValue =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'daysFromNow'; readonly days: number }
  | { readonly kind: 'idOf'; readonly table: string; readonly key: Row }
  | { readonly kind: 'authUserId'; readonly email: string }
  | { readonly kind: 'clerkUserId'; readonly email: string; readonly without: JsonValue };

/** The rows that a seed wants in one table. All rows name the same columns; other columns are left alone. */
export interface SeedTable {
  readonly table: string;
  /** Columns of the natural key that rows are found by; there is a unique constraint on exactly these. */
  readonly key: readonly string[];
  readonly rows: readonly Readonly<Record<string, SeedValue>>[];
}

/** A seed: auth users first, then tables in the order in which they are written. */
export interface SeedPlan {
  readonly version: 1;
  readonly auth: readonly { readonly email: string }[];
  readonly tables: readonly SeedTable[];
}

/** What directives are resolved with. */
export interface SeedContext {
  /** Now, in milliseconds since 1970 UTC. */
  readonly nowMs: number;
  /** Auth user ids by e-mail address. */
  readonly authUserIds: Readonly<Record<string, string>>;
  /** Clerk user ids by e-mail address; none where no Clerk is configured. */
  readonly clerkUserIds?: Readonly<Record<string, string>> | undefined;
  /** The seed's rows as stored, by table, of all tables written so far; `idOf` looks here. */
  readonly stored: Readonly<Record<string, readonly Row[]>>;
}

const dayMs = 86_400_000;

/**
 * Returns the rows of a table with every directive resolved, in the seed's order. Throws `SEED_REFERENCE_UNKNOWN` when an
 * `idOf` finds no stored row or an `authUserId` no auth user.
 */
export function resolveRows(table: SeedTable, context: SeedContext): readonly Row[] {
  const findStored = storedFinder(context.stored);
  const resolve = (value: SeedValue, where: string): JsonValue => {
    switch (value.kind) {
      case 'literal':
        return value.value;
      case 'daysFromNow':
        return new Date(context.nowMs + value.days * dayMs).toISOString().slice(0, 10);
      case 'authUserId':
        return context.authUserIds[value.email] ?? unknownReference(where, `an auth user ${value.email}`);
      case 'clerkUserId':
        return context.clerkUserIds?.[value.email] ?? value.without;
      case 'idOf':
        return (
          findStored(value.table, value.key)?.['id'] ??
          unknownReference(where, `a stored row of ${value.table} with ${JSON.stringify(value.key)} and an id`)
        );
    }
  };
  return table.rows.map((row, index) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column, resolve(value, `${table.table}[${index}].${column}`)])),
  );
}

/** Returns the addresses of those whom rows name as users of Clerk, each once, in the seed's order. */
export function clerkUsersOf({ tables }: SeedPlan): readonly string[] {
  const values = tables.flatMap(({ rows }) => rows.flatMap((row) => Object.values(row)));
  return [...new Set(values.flatMap((value) => (value.kind === 'clerkUserId' ? [value.email] : [])))];
}

/** Returns those rows of a table whose references lead somewhere, resolved: what can be there already. */
export function resolvable(table: SeedTable, context: SeedContext): readonly Row[] {
  return table.rows.flatMap((row) => {
    try {
      return resolveRows({ ...table, rows: [row] }, context);
    } catch (error) {
      if (error instanceof StagingError && error.code === 'SEED_REFERENCE_UNKNOWN') return [];
      throw error;
    }
  });
}

/** Returns a function that finds a stored row by natural key, with one index for each table and set of key columns. */
function storedFinder(stored: SeedContext['stored']): (table: string, key: Row) => Row | undefined {
  const indexes = new Map<string, ReadonlyMap<string, Row>>();
  return (table, key) => {
    const columns = Object.keys(key).toSorted();
    const name = `${table} ${columns.join()}`;
    const index = indexes.get(name) ?? indexRows(columns, stored[table] ?? []);
    indexes.set(name, index);
    return index.get(keyText(columns, key));
  };
}

function unknownReference(where: string, wanted: string): never {
  throw new StagingError('red', 'SEED_REFERENCE_UNKNOWN', `${where} refers to ${wanted}, which does not exist.`, {
    fix: 'Correct the reference in the seed file, or list what it refers to in an earlier table.',
  });
}

/** Returns the key columns of each row, to ask the database for the rows that exist. */
export function rowKeys(key: readonly string[], rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => Object.fromEntries(key.map((column) => [column, row[column] ?? null])));
}

/**
 * Returns the wanted rows that are missing or differ, in their order: exactly what a seed run has to write. Only the columns that
 * the seed names are compared; two values are the same when they mean the same (see `sameValue`).
 */
export function changedRows(key: readonly string[], existing: readonly Row[], wanted: readonly Row[]): readonly Row[] {
  const index = indexRows(key, existing);
  return wanted.filter((row) => {
    const found = index.get(keyText(key, row));
    return found === undefined || !Object.entries(row).every(([column, value]) => sameValue(found[column] ?? null, value));
  });
}

function indexRows(columns: readonly string[], rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [keyText(columns, row), row]));
}

/** Returns text that is the same for two keys that mean the same: bigint keys come back as text, timestamps in another notation. */
function keyText(columns: readonly string[], row: Row): string {
  const parts = columns.map((column) => {
    const value = row[column] ?? null;
    if (typeof value !== 'string') return typeof value === 'number' ? String(value) : value;
    return instantOf(value) ?? value;
  });
  return canonicalJson(parts);
}

/**
 * Returns true when a stored value means the wanted one: dates and timestamps are compared as instants (without a zone: UTC),
 * numbers also where the database answers with their text (numeric, bigint), JSON without regard to the order of keys.
 */
export function sameValue(stored: JsonValue, wanted: JsonValue): boolean {
  if (typeof wanted === 'number') return numberOf(stored) === wanted;
  if (typeof wanted === 'string' && typeof stored === 'string') {
    if (stored === wanted) return true;
    const instant = instantOf(wanted);
    return instant !== undefined && instant === instantOf(stored);
  }
  return canonicalJson(stored) === canonicalJson(wanted);
}

function numberOf(value: JsonValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

const isoInstant = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?:Z|([+-]\d{2})(?::?(\d{2}))?)?)?$/;

/** Returns milliseconds since 1970 UTC for an ISO date or timestamp as Postgres or PostgREST writes it, otherwise undefined. */
function instantOf(text: string): number | undefined {
  const parts = isoInstant.exec(text);
  if (parts === null) return undefined;
  const [, date, time = '00:00', hours = '+00', minutes = '00'] = parts;
  const instant = Date.parse(`${date}T${time}${hours}:${minutes}`);
  return Number.isNaN(instant) ? undefined : instant;
}

/** Returns JSON text with the keys of every object sorted, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}

/**
 * Returns the text whose hash is the seed's version: the whole plan before directives are resolved, so that it stays the same
 * from day to day and changes with any value, row, table or their order.
 */
export function seedVersionInput(plan: SeedPlan): string {
  return canonicalJson(plan);
}
