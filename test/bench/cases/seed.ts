import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createClient } from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { fakerVocabulary } from '../../../src/adapters/faker/vocabulary.ts';
import { type VolumeTable, volumeOf } from '../../../src/core/seed/volume/volume.ts';
import { migrateUp } from '../../support/migrations.ts';
import { startTestSupabase, type TestSupabase } from '../../support/supabase.ts';
import { type CommandLine, expecting, type ProcessRun, timeProcess } from '../measure.ts';
import { type BenchCase, root } from '../place.ts';

const runs = 5;
const rows = 100_000;
const manyRows = 1_000_000;
/** Rows that supabase-js writes one by one: enough for a pace, and it would take minutes for all of them. */
const singleRows = 1_000;

/** How fast a volume seed is, beside `psql \copy` of the same rows into the same tables, and beside supabase-js row by row. */
export const seed: BenchCase = {
  name: 'seed',
  run: async (say) => {
    const supabase = await startTestSupabase();
    const sql = postgres(supabase.directUrl, { max: 1, onnotice: () => undefined });
    const dir = await mkdtemp(join(tmpdir(), 'jv-bench-seed-'));
    try {
      await migrateUp(sql);
      const psql = await psqlCopy(dir, supabase.directUrl);
      const empty = async () => void (await sql`truncate users cascade`);
      const [first, again, copied]: [number[], number[], number[]] = [[], [], []];
      for (let run = 0; run <= runs; run += 1) {
        say(`${rows} rows, run ${run} of ${runs}`);
        await empty();
        const peer = await timeProcess(psql);
        await empty();
        const own = await timeProcess(ours(supabase.directUrl, rows, rows));
        const second = await timeProcess(ours(supabase.directUrl, rows, 0));
        if (run === 0) continue; // the first warms up
        copied.push(peer.wallMs / 1000);
        first.push(own.wallMs / 1000);
        again.push(second.wallMs / 1000);
      }
      say(`${singleRows} rows by supabase-js`);
      await empty();
      const perRow = await rowByRow(supabase, sql);
      say(`${manyRows} rows`);
      await empty();
      const many = await timeProcess(ours(supabase.directUrl, manyRows, manyRows), true);
      const single = { name: `supabase-js, a row a request (pace of ${singleRows} rows)`, values: first.map(() => (perRow * rows) / 1000) };
      return [
        {
          name: `seed of ${rows} rows, the first time`,
          unit: 's' as const,
          values: first,
          peer: { name: 'psql \\copy', values: copied },
          target: { atMost: 1.6, unit: 'x' as const, of: 'ratio' as const, goal: 1.3 },
        },
        {
          name: `seed of ${rows} rows, row by row`,
          unit: 's' as const,
          values: first,
          peer: single,
          target: { atMost: 1 / 60, unit: 'x' as const, of: 'ratio' as const },
        },
        {
          name: `seed of ${rows} rows, the second time`,
          unit: 's' as const,
          values: again,
          peer: { name: 'the first time', values: first },
          target: { atMost: 0.3, unit: 'x' as const, of: 'ratio' as const },
        },
        {
          name: `seed of ${manyRows} rows, memory`,
          unit: 'MB' as const,
          values: [megabytes(many)],
          target: { atMost: 200, unit: 'MB' as const, of: 'value' as const },
        },
        { name: `seed of ${manyRows} rows`, unit: 's' as const, values: [many.wallMs / 1000] },
      ];
    } finally {
      await sql.end();
      await supabase.remove();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

function ours(url: string, wanted: number, changed: number): CommandLine {
  return {
    program: process.execPath,
    args: [join(root, 'test/bench/seed-volume.ts'), String(wanted)],
    env: { ...process.env, JV_BENCH_DATABASE: url },
    timeoutMs: 600_000,
    check: expecting(0, `changed ${changed}\n`),
  };
}

function megabytes({ peakRssBytes }: ProcessRun): number {
  if (peakRssBytes === null) throw new Error('This machine does not tell how much memory a process took.');
  return peakRssBytes / 1e6;
}

/** Writes the same rows to files, and returns the command line that copies them in. */
async function psqlCopy(dir: string, url: string): Promise<CommandLine> {
  const tables = volumeOf({ rows, seed: 1, nowMs: Date.now(), vocabulary: await fakerVocabulary(1) });
  for (const table of tables) await pipeline(() => textOf(table), createWriteStream(join(dir, table.table)));
  const script = tables.map(({ table, columns }) => `\\copy public.${table} (${columns.join(', ')}) from '${join(dir, table)}'`);
  await writeFile(join(dir, 'copy.sql'), `${script.join('\n')}\n`);
  const args = [url, '--quiet', '--no-psqlrc', '--set', 'ON_ERROR_STOP=1', '--file', join(dir, 'copy.sql')];
  return { program: 'psql', args, timeoutMs: 600_000, check: expecting(0) };
}

async function* textOf(table: VolumeTable): AsyncGenerator<string> {
  for await (const { text } of table.chunks()) yield text;
}

/** Returns how many milliseconds supabase-js takes a row when each is a request of its own. */
async function rowByRow({ url, serviceRoleKey }: TestSupabase, sql: Sql): Promise<number> {
  const client = createClient(url, serviceRoleKey, { auth: { persistSession: false, autoRefreshToken: false } });
  const started = performance.now();
  for (let row = 0; row < singleRows; row += 1) {
    const { error } = await client.from('users').insert({ email: `row${row}@staging.test`, full_name: `Row ${row}` });
    if (error !== null) throw new Error(error.message);
  }
  const tookMs = performance.now() - started;
  const [counted] = await sql<{ count: number }[]>`select count(*)::int as count from users`;
  if (counted?.count !== singleRows) throw new Error(`supabase-js wrote ${counted?.count} rows, expected ${singleRows}.`);
  return tookMs / singleRows;
}
