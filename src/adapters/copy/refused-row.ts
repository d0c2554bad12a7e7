import { StagingError } from '../../core/errors.ts';
import type { BulkTable } from '../../core/ports/bulk.ts';
import { sqlFailure } from '../postgres/database-error.ts';
import type { CopyConnection } from './connection.ts';
import { quotedName } from './names.ts';

/** What is looked through for the row that a constraint refuses. */
export interface SentRows {
  readonly target: string;
  readonly sameKey: string;
}

/**
 * Returns `SEED_ROW_REFUSED` for an error of the data itself, with the number of the row (from 1) when it is known: `row`, or the line that COPY
 * names. Any other error is returned as it is.
 */
export function refusedRow(error: unknown, { table }: BulkTable, row: number | undefined): unknown {
  const failure = error instanceof StagingError ? sqlFailure(error.cause) : undefined;
  // Class 22: the value cannot be of this type; class 23: a constraint.
  if (failure === undefined || !/^2[23]/.test(failure.sqlState)) return error;
  const line = row ?? lineOf(failure.context);
  const which = line === undefined ? 'A row' : `Row ${line}`;
  const said = `${failure.message} (SQLSTATE ${failure.sqlState})`;
  return new StagingError('red', 'SEED_ROW_REFUSED', `${which} for ${table} was refused, so the whole table was left as it was: ${said}.`, {
    fix: 'Correct that row or the constraint, then run `jv-staging seed` again: tables before it are there already.',
    cause: error,
    data: { table, row: line ?? null, sqlState: failure.sqlState, constraint: failure.constraint ?? null },
  });
}

/** COPY says in its context which line it was at: `COPY jv_seed, line 77777, column price_usd`. */
function lineOf(context: string | undefined): number | undefined {
  const digits = /\bjv_seed\b\D+(\d+)/.exec(context ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Finds the first sent row that a constraint refuses, after rolling back to before the merge; undefined when it cannot be told. */
export async function findRefused(connection: CopyConnection, error: unknown, sent: SentRows): Promise<number | undefined> {
  const failure = error instanceof StagingError ? sqlFailure(error.cause) : undefined;
  if (failure === undefined) return undefined;
  const { signal } = new AbortController();
  try {
    await connection.run('rollback to savepoint merge', signal);
    const condition = await refusal(connection, failure, sent, signal);
    if (condition === undefined) return undefined;
    // Check constraints name columns alone, so nothing else may be in scope by those names.
    const [found] = await connection.query<{ row: string | null }>(
      `select min(jv_row) as row from jv_seed as sent where ${condition}`,
      [],
      signal,
    );
    return found === undefined || found.row === null ? undefined : Number(found.row);
  } catch {
    // Looking for the row is a courtesy: what went wrong is told either way.
    return undefined;
  }
}

interface Constraint {
  readonly columns: readonly string[];
  readonly referenced: string | null;
  readonly referencedColumns: readonly string[] | null;
  readonly expression: string | null;
}

async function refusal(
  connection: CopyConnection,
  failure: { readonly sqlState: string; readonly constraint?: string | undefined; readonly column?: string | undefined },
  { target, sameKey }: SentRows,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (failure.sqlState === '23502') return failure.column === undefined ? undefined : `${quotedName(failure.column)} is null`;
  if (failure.constraint === undefined) return undefined;
  const [constraint] = await connection.query<Constraint & { readonly [column: string]: unknown }>(
    `select ${columnNames('c.conrelid', 'c.conkey')} as columns, ${columnNames('c.confrelid', 'c.confkey')} as "referencedColumns",
       case when c.contype = 'f' then c.confrelid::regclass::text end as referenced,
       case when c.contype = 'c' then pg_get_expr(c.conbin, c.conrelid) end as expression
     from pg_constraint c where c.conrelid = $1::regclass and c.conname = $2`,
    [target, failure.constraint],
    signal,
  );
  if (constraint === undefined) return undefined;
  const { columns, referenced, referencedColumns, expression } = constraint;
  if (expression !== null) return `not (${expression})`;
  const sent = columns.map((column) => `sent.${quotedName(column)}`);
  const same = (alias: string, names: readonly string[]) =>
    names.map((name, at) => `${alias}.${quotedName(name)} = ${sent[at]}`).join(' and ');
  if (referenced !== null && referencedColumns !== null) {
    const present = sent.map((column) => `${column} is not null`).join(' and ');
    return `${present} and not exists (select from ${referenced} as there where ${same('there', referencedColumns)})`;
  }
  return `exists (select from jv_seed as other where other.jv_row < sent.jv_row and ${same('other', columns)})
    or exists (select from ${target} as stored where ${same('stored', columns)} and not (${sameKey}))`;
}

function columnNames(relation: string, key: string): string {
  return `(select array_agg(a.attname::text order by k.nth) from unnest(${key}) with ordinality as k (attnum, nth)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.attnum)`;
}
