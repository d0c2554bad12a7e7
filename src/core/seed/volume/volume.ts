import { StagingError } from '../../errors.ts';
import type { BulkTable } from '../../ports/bulk.ts';
import { copyChunks, copyLine, rowsInChunk } from '../copy-text.ts';
import { volumeId, volumeTables } from './ids.ts';
import { volumeColumns, volumeRowMakers } from './rows.ts';
import { maxVolumeRows, minVolumeRows, volumeSizes } from './shape.ts';
import type { Vocabulary } from './story.ts';

/** A table of the volume seed with the number of its rows. */
export interface VolumeTable extends BulkTable {
  readonly count: number;
}

/** What a volume seed is asked for with. */
export interface VolumeWish {
  /** Rows in all tables together. */
  readonly rows: number;
  readonly seed: number;
  readonly nowMs: number;
  readonly vocabulary: Vocabulary;
}

/**
 * Returns the tables of a volume seed in the order in which they are written. The same wish gives the same rows in the same order; dates are
 * relative to the day (UTC) of `nowMs`. Throws `SEED_ROWS_INVALID` (exit 2) for a number of rows that cannot be made.
 */
export function volumeOf({ rows, seed, nowMs, vocabulary }: VolumeWish): readonly VolumeTable[] {
  if (!Number.isInteger(rows) || rows < minVolumeRows || rows > maxVolumeRows) {
    throw new StagingError(
      'usage',
      'SEED_ROWS_INVALID',
      `The volume seed cannot have ${rows} rows, expected a whole number from ${minVolumeRows} to ${maxVolumeRows}.`,
      { fix: 'Run `jv-staging seed --profile volume --rows 100000`.' },
    );
  }
  const dayMs = 86_400_000;
  const sizes = volumeSizes(rows);
  const makers = volumeRowMakers({ sizes, seed, todayMs: Math.floor(nowMs / dayMs) * dayMs, vocabulary });
  return volumeTables.map((table) => ({
    table,
    columns: volumeColumns[table],
    key: ['id'],
    count: sizes[table],
    lies: { first: volumeId(table, seed, 0), last: volumeId(table, seed, sizes[table] - 1), rowsInChunk },
    chunks: () => copyChunks(sizes[table], (index) => copyLine(makers[table](index))),
  }));
}
