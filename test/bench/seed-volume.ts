// Writes a volume seed and says what became of it: the program that the bench times beside `psql \copy`.
import { bulkTables } from '../../src/adapters/copy/bulk-tables.ts';
import { fakerVocabulary } from '../../src/adapters/faker/vocabulary.ts';
import { volumeOf } from '../../src/core/seed/volume/volume.ts';

const url = process.env['JV_BENCH_DATABASE'];
if (url === undefined) throw new Error('JV_BENCH_DATABASE names no database.');
const tables = volumeOf({ rows: Number(process.argv[2]), seed: 1, nowMs: Date.now(), vocabulary: await fakerVocabulary(1) });
const bulk = bulkTables(url);
let changed = 0;
for (const table of tables) {
  const { inserted, updated } = await bulk.merge(table, () => undefined, new AbortController().signal);
  changed += inserted + updated;
}
await bulk.close();
process.stdout.write(`changed ${changed}\n`);
