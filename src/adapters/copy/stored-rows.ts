import { hash } from 'node:crypto';
import type { BulkTable, MergedTable, RowPlace } from '../../core/ports/bulk.ts';
import type { CopyConnection } from './connection.ts';
import { quotedName } from './names.ts';

/** Rows whose place is known. */
interface PlacedTable extends BulkTable {
  readonly lies: RowPlace;
}

/**
 * Returns what is stored when it is, to the letter, what the table's rows would be sent as, and undefined otherwise, or when nobody can tell
 * without sending. Both sides make the digests of the same chunks of text, at the same time: no row goes over the connection.
 */
export async function storedAsMade(
  connection: CopyConnection,
  table: BulkTable,
  signal: AbortSignal,
): Promise<Pick<MergedTable, 'rows' | 'fingerprint'> | undefined> {
  if (!isPlaced(table) || !(await haveEnds(connection, table, signal))) return undefined;
  const asked = storedChunks(connection, table, signal);
  // Whoever waits for it hears of its failure; without this an error in between would end the process.
  asked.catch(() => undefined);
  const made: string[] = [];
  let rows = 0;
  for await (const chunk of table.chunks()) {
    signal.throwIfAborted();
    made.push(hash('md5', chunk.text));
    rows += chunk.rows;
  }
  const stored = await asked;
  const isSame = stored.length === made.length && made.every((digest, at) => digest === stored[at]);
  return isSame ? { rows, fingerprint: fingerprintOf(stored) } : undefined;
}

/** Returns the fingerprint of what is stored where a table's rows lie: fifteen hex digits; empty for a table of which that is not known. */
export async function storedFingerprint(connection: CopyConnection, table: BulkTable, signal: AbortSignal): Promise<string> {
  return isPlaced(table) ? fingerprintOf(await storedChunks(connection, table, signal)) : '';
}

function isPlaced(table: BulkTable): table is PlacedTable {
  return table.lies !== undefined && table.key.length === 1;
}

function fingerprintOf(digests: readonly string[]): string {
  return hash('md5', digests.join('')).slice(0, 15);
}

/** Most often none of a table's rows are there, or all of them: a look at both ends tells, and costs nothing. */
async function haveEnds(connection: CopyConnection, { table, key, lies }: PlacedTable, signal: AbortSignal): Promise<boolean> {
  const there = (value: string) => `exists (select from public.${quotedName(table)} where ${quotedName(key[0] ?? '')} = ${value})`;
  const [row] = await connection.query<{ both: boolean }>(
    `select ${there('$1')} and ${there('$2')} as both`,
    [lies.first, lies.last],
    signal,
  );
  return row?.both === true;
}

/** Returns the MD5 of each chunk's text as it would be sent, in order. */
async function storedChunks(connection: CopyConnection, { table, columns, key, lies }: PlacedTable, signal: AbortSignal) {
  // A line of COPY's text format. A tab or line feed inside a value stays as it is here, and makes the text another than the one that is sent.
  const fields = columns.map((column) => String.raw`coalesce(replace(stored.${quotedName(column)}::text, '\', '\\'), '\N')`);
  const line = `${fields.join(` || E'\\t' || `)} || E'\\n'`;
  const order = quotedName(key[0] ?? '');
  const chunks = await connection.query<{ digest: string }>(
    `select md5(string_agg(line, '' order by place)) as digest from (
       select ${line} as line, place, (place - 1) / $3::bigint as nth from (
         select *, row_number() over (order by ${order}) as place from public.${quotedName(table)} where ${order} between $1 and $2
       ) as stored
     ) as lines group by nth order by nth`,
    [lies.first, lies.last, lies.rowsInChunk],
    signal,
  );
  return chunks.map(({ digest }) => digest);
}
