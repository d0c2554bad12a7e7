import { StagingError } from '../../core/errors.ts';
import type { BulkTable, BulkTables, MergedTable, Orphans, OwnedRows } from '../../core/ports/bulk.ts';
import { type CopyConnection, copyConnection } from './connection.ts';
import { columnList, quotedName } from './names.ts';
import { findRefused, refusedRow } from './refused-row.ts';
import { storedAsMade, storedFingerprint } from './stored-rows.ts';

/** How long to wait for another session's lock: whoever waits blocks everybody behind. */
const lockTimeout = '10s';

/** Room for the joins of one merge; they go to disk beyond it. */
const workMemory = '64MB';

/** Returns the port over a direct connection; `url` is secret. One connection, opened when first needed. */
export function bulkTables(url: string): BulkTables {
  const connection = copyConnection(url, 'jv-staging seed', [`lock_timeout=${lockTimeout}`, `work_mem=${workMemory}`]);
  return {
    merge: (table, onSent, signal) => connection.transaction('begin', () => merge(connection, table, onSent, signal), signal),
    orphans: (tables, signal) => orphans(connection, tables, signal),
    remove: (owned, signal) => connection.transaction('begin', () => remove(connection, owned, signal), signal),
    removeKeys: (tables, signal) => connection.transaction('begin', () => removeKeys(connection, tables, signal), signal),
    empty: (tables, signal) =>
      connection.transaction(
        'begin',
        async () => {
          let removed = 0;
          for (const table of tables) removed += await connection.run(`delete from public.${quotedName(table)}`, signal);
          return removed;
        },
        signal,
      ),
    close: connection.close,
  };
}

/** How one merge names what it touches. */
interface Names {
  readonly target: string;
  readonly columns: string;
  /** All columns of a sent row, and of the stored one. */
  readonly sent: string;
  readonly stored: string;
  readonly sameKey: string;
}

function namesOf({ table, columns, key }: BulkTable): Names {
  return {
    target: `public.${quotedName(table)}`,
    columns: columnList(columns),
    sent: columnList(columns, 'sent'),
    stored: columnList(columns, 'stored'),
    sameKey: key.map((column) => `stored.${quotedName(column)} = sent.${quotedName(column)}`).join(' and '),
  };
}

async function merge(
  connection: CopyConnection,
  table: BulkTable,
  onSent: (rows: number) => void,
  signal: AbortSignal,
): Promise<MergedTable> {
  const there = await storedAsMade(connection, table, signal);
  if (there !== undefined) return { inserted: 0, updated: 0, ...there };
  const names = namesOf(table);
  // The row's own number tells which one a constraint refuses.
  await connection.run(
    `create temporary table jv_seed on commit drop as select ${names.columns} from ${names.target} with no data;
     alter table jv_seed add column jv_row bigint generated always as identity`,
    signal,
  );
  try {
    await connection.copyIn(`copy jv_seed (${names.columns}) from stdin`, table.chunks(), onSent, signal);
  } catch (error) {
    throw refusedRow(error, table, undefined);
  }
  await connection.run('savepoint merge', signal);
  try {
    // Most often all of it is there from the run before: one look is enough then.
    const before = (await startsTheSame(connection, names, signal)) ? await compare(connection, table, names, signal) : undefined;
    if (before !== undefined && before.same === before.rows)
      return { inserted: 0, updated: 0, rows: before.rows, fingerprint: before.fingerprint };
    const updated = await update(connection, table, names, signal);
    const inserted = await insert(connection, names, signal);
    const after = await compare(connection, table, names, signal);
    if (after.same !== after.rows) throw rowsDiffer(table, after);
    return { inserted, updated, rows: after.rows, fingerprint: after.fingerprint };
  } catch (error) {
    throw refusedRow(error, table, await findRefused(connection, error, names));
  }
}

async function update(
  connection: CopyConnection,
  { columns, key }: BulkTable,
  { target, sent, stored, sameKey }: Names,
  signal: AbortSignal,
): Promise<number> {
  const changed = columns.filter((column) => !key.includes(column)).map(quotedName);
  if (changed.length === 0) return 0;
  return await connection.run(
    `update ${target} as stored set ${changed.map((column) => `${column} = sent.${column}`).join(', ')} from jv_seed as sent
     where ${sameKey} and (${stored}) is distinct from (${sent})`,
    signal,
  );
}

async function insert(connection: CopyConnection, { target, columns, sameKey }: Names, signal: AbortSignal): Promise<number> {
  return await connection.run(
    `insert into ${target} (${columns}) select ${columns} from jv_seed as sent
     where not exists (select from ${target} as stored where ${sameKey}) order by jv_row`,
    signal,
  );
}

/** Returns true when the first row that was sent is there already, in this or another shape. */
async function startsTheSame(connection: CopyConnection, { target, sameKey }: Names, signal: AbortSignal): Promise<boolean> {
  const found = await connection.query(
    `select from (select * from jv_seed order by jv_row limit 1) as sent where exists (select from ${target} as stored where ${sameKey})`,
    [],
    signal,
  );
  return found.length > 0;
}

/** What is stored beside what was sent. */
interface Compared {
  readonly rows: number;
  /** Rows that are stored just as they were sent. */
  readonly same: number;
  readonly fingerprint: string;
}

/** Reads every row back by its key, compares all of it, and sums up what is stored. */
async function compare(connection: CopyConnection, table: BulkTable, names: Names, signal: AbortSignal): Promise<Compared> {
  const { target, sent, stored, sameKey } = names;
  // Sixty bits of each row's digest, so that a sum over any number of rows stays exact and needs no order.
  const digest = `('x' || left(md5(row(${stored})::text), 15))::bit(60)::bigint`;
  const sum = `lpad(to_hex((coalesce(sum(${digest}), 0) % 1152921504606846976)::bigint), 15, '0')`;
  const [seen] = await connection.query<{ sent: string; same: string; fingerprint: string | null }>(
    `select count(*) as sent, count(*) filter (where (${stored}) is not distinct from (${sent})) as same,
       ${table.lies === undefined ? sum : 'null'} as fingerprint
     from jv_seed as sent left join ${target} as stored on ${sameKey}`,
    [],
    signal,
  );
  const fingerprint = seen?.fingerprint ?? (await storedFingerprint(connection, table, signal));
  return { rows: Number(seen?.sent), same: Number(seen?.same), fingerprint };
}

function rowsDiffer({ table }: BulkTable, { rows, same }: Compared): StagingError {
  return new StagingError(
    'red',
    'SEED_ROWS_DIFFER',
    `${rows - same} of ${rows} rows of ${table} differ from the seed after writing, expected 0; the table was left as it was.`,
    { fix: `Look for a trigger or policy that changes ${table}, then run \`jv-staging seed\` again.` },
  );
}

async function remove(connection: CopyConnection, owned: readonly OwnedRows[], signal: AbortSignal): Promise<readonly number[]> {
  const removed: number[] = [];
  for (const { table, from, to } of owned) {
    const rows = await connection.query<{ removed: string }>(
      `with gone as (delete from public.${quotedName(table)} where id between $1 and $2 returning 1) select count(*) as removed from gone`,
      [from, to],
      signal,
    );
    removed.push(Number(rows[0]?.removed));
  }
  return removed;
}

async function removeKeys(
  connection: CopyConnection,
  tables: Parameters<BulkTables['removeKeys']>[0],
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const { table, key, keys } of tables) {
    const target = `public.${quotedName(table)}`;
    const same = key.map((column) => `stored.${quotedName(column)} = gone.${quotedName(column)}`).join(' and ');
    const [row] = await connection.query<{ removed: string }>(
      `with removed as (
         delete from ${target} as stored using jsonb_populate_recordset(null::${target}, $1::jsonb) as gone where ${same} returning 1
       ) select count(*) as removed from removed`,
      [JSON.stringify(keys)],
      signal,
    );
    removed += Number(row?.removed);
  }
  return removed;
}

async function orphans(connection: CopyConnection, tables: readonly string[], signal: AbortSignal): Promise<readonly Orphans[]> {
  const keys = await connection.query<ForeignKey>(
    `select t.relname as table, c.conname as constraint, c.confrelid::regclass::text as there,
       array(select a.attname::text from unnest(c.conkey) with ordinality as k (attnum, nth)
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum order by k.nth) as columns,
       array(select a.attname::text from unnest(c.confkey) with ordinality as k (attnum, nth)
         join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum order by k.nth) as "thereColumns"
     from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
     where c.contype = 'f' and n.nspname = 'public' and t.relname = any ($1) order by 1, 2`,
    [tables],
    signal,
  );
  const found: Orphans[] = [];
  for (const { table, constraint, there, columns, thereColumns } of keys) {
    const same = thereColumns.map((column, at) => `there.${quotedName(column)} = here.${quotedName(columns[at] ?? '')}`).join(' and ');
    const present = columns.map((column) => `here.${quotedName(column)} is not null`).join(' and ');
    const [row] = await connection.query<{ rows: string }>(
      `select count(*) as rows from public.${quotedName(table)} as here
       where ${present} and not exists (select from ${there} as there where ${same})`,
      [],
      signal,
    );
    const rows = Number(row?.rows);
    if (rows !== 0) found.push({ table, constraint, rows });
  }
  return found;
}

/** Rows as `pg` gives them. */
interface ForeignKey {
  readonly table: string;
  readonly constraint: string;
  readonly there: string;
  readonly columns: readonly string[];
  readonly thereColumns: readonly string[];
}
