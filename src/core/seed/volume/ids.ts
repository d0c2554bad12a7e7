import type { OwnedRows } from '../../ports/bulk.ts';

/** Tables of the volume seed in the order in which they are written, since rows refer to earlier tables. */
export const volumeTables = ['users', 'clients', 'flight_requests', 'quotes', 'proposals'] as const;

/** A table of the volume seed. */
export type VolumeTableName = (typeof volumeTables)[number];

/** Largest seed value: it stands in the ids as four hex digits. */
export const maxSeedValue = 0xffff;

/**
 * Returns the id of a row of the volume seed: a UUID of version 8 (RFC 9562 leaves its bits to the application) that says who made the row
 * (`5eed`), for which table, by which seed value, and its index. Ids rise with the index, so that an index on them is filled from one side.
 */
export function volumeId(table: VolumeTableName, seed: number, index: number): string {
  return `${idStart(table, seed)}${index.toString(16).padStart(12, '0')}`;
}

/** Returns every row of the volume seeds in a table, of any seed value: what a reset may remove. */
export function volumeRows(table: VolumeTableName): OwnedRows {
  return { table, from: volumeId(table, 0, 0), to: `${idStart(table, maxSeedValue)}ffffffffffff` };
}

function idStart(table: VolumeTableName, seed: number): string {
  const tableDigits = (volumeTables.indexOf(table) + 1).toString(16).padStart(4, '0');
  return `5eed${tableDigits}-${seed.toString(16).padStart(4, '0')}-8000-8000-`;
}
