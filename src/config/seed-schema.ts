import { z } from 'zod';
import { StagingError } from '../core/errors.ts';
import type { JsonValue } from '../core/ports/database.ts';
import { canonicalJson, type SeedPlan, type SeedTable, type SeedValue } from '../core/seed/plan.ts';
import { type ConfigProblem, problemsOf, problemsText } from './problems.ts';

const email = z.email().refine((address) => address === address.toLowerCase(), 'an e-mail address in lower case');
const identifier = z.string().regex(/^[a-z_][a-z0-9_]*$/, 'a name in lower case, as in the database');
const json: z.ZodType<JsonValue> = z.json();
const directiveNames = ['daysFromNow', 'idOf', 'authUserId', 'clerkUserId'];

const daysFromNow = z
  .strictObject({ daysFromNow: z.number().int().min(-36_500).max(36_500) })
  .transform(({ daysFromNow: days }) => ({ kind: 'daysFromNow' as const, days }));
const literal = json.refine((input) => !looksLikeDirective(input)).transform((input) => ({ kind: 'literal' as const, value: input }));

/** A value that needs no database: JSON, or a day relative to today. */
export const plainValue = z.union([daysFromNow, literal], 'a JSON value or {"daysFromNow": whole number}') satisfies z.ZodType<SeedValue>;

const value = z.union(
  [
    daysFromNow,
    z
      .strictObject({ idOf: z.strictObject({ table: identifier, key: z.record(identifier, json) }) })
      .transform(({ idOf }) => ({ kind: 'idOf' as const, ...idOf })),
    z.strictObject({ authUserId: email }).transform(({ authUserId }) => ({ kind: 'authUserId' as const, email: authUserId })),
    z
      .strictObject({ clerkUserId: z.strictObject({ email, without: json }) })
      .transform(({ clerkUserId }) => ({ kind: 'clerkUserId' as const, ...clerkUserId })),
    literal,
  ],
  'a JSON value, {"daysFromNow": whole number}, {"idOf": {"table": name, "key": {column: value}}}, {"authUserId": e-mail address} or {"clerkUserId": {"email": address, "without": value}}',
) satisfies z.ZodType<SeedValue>;

const seedSchema = z.strictObject({
  version: z.literal(1),
  auth: z.array(z.strictObject({ email })),
  tables: z.array(
    z.strictObject({
      table: identifier,
      key: z.array(identifier).min(1),
      rows: z.array(z.record(identifier, value)).min(1),
    }),
  ),
}) satisfies z.ZodType<SeedPlan>;

/**
 * Returns a seed file's content as a plan; `file` is named in messages. Throws `SEED_INVALID` with all problems at once: wrong
 * shapes, rows without their key or with other columns than the table's first, two rows of one key, references that no run could
 * resolve.
 */
export function parseSeed(input: unknown, file: string): SeedPlan {
  const parsed = seedSchema.safeParse(input);
  if (!parsed.success) throw seedInvalid(file, problemsOf(parsed.error, input));
  const problems = crossProblems(parsed.data);
  if (problems.length > 0) throw seedInvalid(file, problems);
  return parsed.data;
}

function looksLikeDirective(input: JsonValue): boolean {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return false;
  const keys = Object.keys(input);
  return keys.length === 1 && keys.every((key) => directiveNames.includes(key));
}

/** Returns the error for a seed file that says these things wrong. */
export function seedInvalid(file: string, problems: readonly ConfigProblem[]): StagingError {
  return new StagingError('usage', 'SEED_INVALID', problemsText(file, problems), {
    fix: `Correct ${file}.`,
    data: { file, problems },
  });
}

/** Returns what is wrong between parts that are each right by themselves. */
function crossProblems(plan: SeedPlan): readonly ConfigProblem[] {
  const emails = new Set(plan.auth.map((user) => user.email));
  return plan.tables.flatMap((table, index) => {
    const earlier = new Set(plan.tables.slice(0, index).map((before) => before.table));
    const path = `tables[${index}]`;
    return [
      ...(earlier.has(table.table) ? [{ path: `${path}.table`, seen: `${table.table} a second time`, expected: 'each table once' }] : []),
      ...rowProblems(table, path),
      ...referenceProblems(table, path, earlier, emails),
    ];
  });
}

function rowProblems(table: SeedTable, path: string): readonly ConfigProblem[] {
  const columns = Object.keys(table.rows[0] ?? {}).toSorted();
  const keys = table.rows.map((row) => canonicalJson(table.key.map((column) => row[column])));
  return table.rows.flatMap((row, index) => {
    const missing = table.key.filter((column) => row[column] === undefined || isNull(row[column]));
    const own = Object.keys(row).toSorted();
    const where = `${path}.rows[${index}]`;
    return [
      ...missing.map((column) => ({ path: `${where}.${column}`, seen: 'nothing', expected: 'a value: the column is part of the key' })),
      // A bulk upsert would set a column that only other rows name to its default.
      ...(own.join() === columns.join()
        ? []
        : [{ path: where, seen: `the columns ${own.join(', ')}`, expected: `those of the first row: ${columns.join(', ')}` }]),
      ...(keys.indexOf(keys[index] ?? '') === index
        ? []
        : [{ path: where, seen: 'the key of an earlier row', expected: 'a key of its own' }]),
    ];
  });
}

function isNull(seedValue: SeedValue): boolean {
  return seedValue.kind === 'literal' && seedValue.value === null;
}

function referenceProblems(
  table: SeedTable,
  path: string,
  earlier: ReadonlySet<string>,
  emails: ReadonlySet<string>,
): readonly ConfigProblem[] {
  return table.rows.flatMap((row, index) =>
    Object.entries(row).flatMap(([column, seedValue]) => {
      const where = `${path}.rows[${index}].${column}`;
      if (seedValue.kind === 'idOf' && !earlier.has(seedValue.table)) {
        return [{ path: where, seen: `the id of a row of ${seedValue.table}`, expected: 'a table earlier in the file' }];
      }
      if ((seedValue.kind === 'authUserId' || seedValue.kind === 'clerkUserId') && !emails.has(seedValue.email)) {
        return [{ path: where, seen: `the id of ${seedValue.email}`, expected: 'an address listed under auth' }];
      }
      return [];
    }),
  );
}
