import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { startPostgres } from '../../support/postgres.ts';
import { findComponent } from '../../support/requires.ts';
import { type CommandLine, expecting, timeProcess } from '../measure.ts';
import { type BenchCase, tool } from '../place.ts';

const runs = 5;
const files = 200;

/** `migrate up` of many files beside the unchanged `supabase db push`, each a process, in turn on one database that is emptied between. */
export const migrate: BenchCase = {
  name: 'migrate',
  run: async (say) => {
    const program = findComponent('supabase-cli');
    if (program === undefined) throw new Error('The supabase CLI is not installed: run `node bin/setup.js --for test`.');
    const server = await startPostgres();
    const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
    const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-'));
    try {
      await writeMigrations(cwd);
      const commands = { ours: ours(cwd, server.url), theirs: theirs(cwd, server.url, program) };
      const [first, again]: [Times, Times] = [
        { ours: [], theirs: [] },
        { ours: [], theirs: [] },
      ];
      for (let run = 0; run <= runs; run += 1) {
        say(`${files} migrations by both clients, run ${run} of ${runs}`);
        for (const name of ['ours', 'theirs'] as const) {
          await sql.unsafe(
            'drop schema public cascade; create schema public; drop schema if exists supabase_migrations, jv_staging cascade',
          );
          const applied = await timeProcess(commands[name]);
          await assertApplied(sql, name);
          const nothing = await timeProcess(commands[name]);
          if (run === 0) continue; // the first warms up
          first[name].push(applied.wallMs / 1000);
          again[name].push(nothing.wallMs / 1000);
        }
      }
      return [figure(`migrate up of ${files} files`, first, 0.5), figure('  again, nothing to do', again)];
    } finally {
      await sql.end();
      await server.remove();
      await rm(cwd, { recursive: true, force: true });
    }
  },
};

type Times = Readonly<Record<'ours' | 'theirs', number[]>>;

function figure(name: string, { ours: values, theirs: peers }: Times, atMost?: number) {
  const target = atMost === undefined ? undefined : { atMost, unit: 'x' as const, of: 'ratio' as const };
  return { name, unit: 's' as const, values, peer: { name: 'supabase db push', values: peers }, target };
}

/** Files as projects have them: a table with its index, row-level security and a policy. */
async function writeMigrations(cwd: string): Promise<void> {
  const dir = join(cwd, 'supabase/migrations');
  await mkdir(dir, { recursive: true });
  await writeFile(join(cwd, 'supabase/config.toml'), 'project_id = "bench"\n');
  for (let at = 1; at <= files; at += 1) {
    const table = `public.table_${at}`;
    const sql = `create table ${table} (id uuid primary key default gen_random_uuid(), owner uuid not null, note text, made timestamptz default now());
create index table_${at}_owner on ${table} (owner);
alter table ${table} enable row level security;
create policy own on ${table} for all using (owner = auth.uid());
`;
    await writeFile(join(dir, `${20260101000000 + at}_table_${at}.sql`), sql);
  }
}

function ours(cwd: string, url: string): CommandLine {
  const args = ['migrate', 'up', '--db-url-env', 'DATABASE_URL', '--json'];
  return tool(args, { cwd, check: expecting(0, '"verdict":"green"'), env: { ...process.env, DATABASE_URL: url }, timeoutMs: 300_000 });
}

function theirs(cwd: string, url: string, program: string): CommandLine {
  const env = { PATH: process.env['PATH'], HOME: cwd, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' };
  return { program, args: ['db', 'push', `--remote=${url}`, '--yes'], cwd, check: expecting(0), env, timeoutMs: 300_000 };
}

/** Speed must not come from doing less: every table is there, and every version in the ledger. */
async function assertApplied(sql: Sql, name: string): Promise<void> {
  const [found] = await sql<{ tables: number; versions: number }[]>`select
    (select count(*)::int from pg_policies where schemaname = 'public') as tables,
    (select count(*)::int from supabase_migrations.schema_migrations) as versions`;
  if (found?.tables === files && found.versions === files) return;
  throw new Error(`After ${name} there are ${found?.tables} policies and ${found?.versions} versions, expected ${files} of each.`);
}
