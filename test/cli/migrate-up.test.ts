import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runTool } from '../support/tool.ts';

const envelope = z.object({
  ok: z.boolean(),
  error: z.object({ code: z.string(), message: z.string(), fix: z.string().optional() }).optional(),
  data: z
    .object({
      verdict: z.string(),
      findings: z.array(z.object({ title: z.string(), verdict: z.string(), seen: z.string() })),
      migrations: z.array(z.object({ version: z.string(), state: z.string().optional() })),
    })
    .partial()
    .optional(),
});

/** A project that is not ours: a folder of SQL files and any Postgres, named by its address in the environment. */
describe('migrate on any Postgres', () => {
  let server: TestPostgres;
  let sql: Sql;
  let folder: string;

  beforeAll(async () => {
    server = await startPostgres();
    sql = postgres(server.url, { max: 1, onnotice: () => undefined, idle_timeout: 1 });
    folder = await mkdtemp(join(tmpdir(), 'jv-migrate-'));
    await Promise.all(['db/migrations', 'db/rollbacks'].map((dir) => mkdir(join(folder, dir), { recursive: true })));
    await up('20260101000000_people', 'create table people (id int primary key, nick text);', 'drop table people;');
    await up('20260102000000_pets', 'create table pets (id int primary key, owner int references people (id));', 'drop table pets;');
    await writeFile(join(folder, 'db/migrations/DEPLOY_ALL.sql'), 'drop schema public cascade;');
  }, 60_000);
  afterAll(async () => {
    await sql.end();
    await server.remove();
    await rm(folder, { recursive: true });
  });

  const up = async (name: string, text: string, down?: string) => {
    await writeFile(join(folder, `db/migrations/${name}.sql`), text);
    if (down !== undefined) await writeFile(join(folder, `db/rollbacks/${name}.sql`), down);
  };
  const migrate = async (...args: readonly string[]) => {
    const place = { cwd: folder, env: { DATABASE_URL: server.url } };
    const ended = await runTool(['migrate', ...args, '--db-url-env', 'DATABASE_URL', '--dir', 'db/migrations', '--json'], place);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(server.url);
    const told = envelope.parse(JSON.parse(ended.stdout));
    const seen = (told.data?.findings ?? []).map((finding) => `${finding.title}: ${finding.seen}`);
    return {
      code: ended.code,
      told,
      seen,
      states: (told.data?.migrations ?? []).map(({ version, state }) => `${version} ${String(state)}`),
    };
  };

  it('applies nothing under --dry-run, then all, then nothing', async () => {
    expect((await migrate('up', '--dry-run')).code).toBe(0);
    expect(await sql`select to_regclass('people') as it`).toEqual([{ it: null }]);

    expect((await migrate('up')).seen).toEqual(['20260101000000_people.sql: applied now', '20260102000000_pets.sql: applied now']);
    expect((await migrate('up')).seen).toEqual(['Pending migrations: none']);
    const ledger = await sql`select version, name from supabase_migrations.schema_migrations order by version`;
    expect(ledger.map(({ version, name }) => `${String(version)}_${String(name)}`)).toEqual([
      '20260101000000_people',
      '20260102000000_pets',
    ]);
  });

  it('refuses what takes rows away without saying why, with their number, and applies it with a reason', async () => {
    await sql`insert into people values (1, 'a'), (2, 'b'), (3, null)`;
    await up('20260103000000_no_nick', 'alter table people drop column nick;');

    const checked = await migrate('check');
    expect(checked).toMatchObject({ code: 6, told: { error: { code: 'MIGRATION_DESTRUCTIVE' } } });
    expect(checked.told.error?.message).toContain('2 of column public.people.nick');
    expect((await migrate('up')).code).toBe(6);
    expect(await sql`select count(nick)::int as nicks from people`).toEqual([{ nicks: 2 }]);

    await up('20260103000000_no_nick', '-- jv:allow-destructive nicknames moved\nalter table people drop column nick;');
    const allowed = await migrate('check');
    expect(allowed.code).toBe(0);
    expect(allowed.seen.join()).toContain('allowed: nicknames moved');
    expect((await migrate('up')).code).toBe(0);
  });

  it('keeps what was applied before a file that fails, names line and SQLSTATE, and goes on from there', async () => {
    await up('20260104000000_fine', 'create table fine ();');
    await up('20260105000000_broken', 'create table half ();\nselect nothing_there();');

    const failed = await migrate('up');
    expect(failed).toMatchObject({ code: 5, told: { error: { code: 'MIGRATION_FAILED' } } });
    expect(failed.told.error?.message).toMatch(/20260105000000_broken\.sql.*2.*42883/s);
    expect(await sql`select to_regclass('fine') is not null as fine, to_regclass('half') is not null as half`).toEqual([
      { fine: true, half: false },
    ]);

    await up('20260105000000_broken', 'create table half ();');
    expect((await migrate('up')).seen).toEqual(['20260105000000_broken.sql: applied now']);
  });

  it('runs a file again with --retry that broke half way outside of a transaction, as its own hint says', async () => {
    await sql`insert into people values (4), (5)`;
    await sql`alter table people add column mark int default 1`;
    await up('20260106000000_mark', '-- jv:no-transaction\ncreate unique index concurrently people_mark on people (mark);');

    const broken = await migrate('up');
    expect(broken.code).toBe(5);
    expect(broken.told.error?.fix).toContain('jv-staging migrate up --retry 20260106000000');
    const status = await migrate('status');
    expect(status.code).toBe(5);
    expect(status.states).toContain('20260106000000 dirty');
    expect(await migrate('up', '--retry', '20260101000000')).toMatchObject({ code: 2, told: { error: { code: 'MIGRATION_NOT_DIRTY' } } });

    await sql`drop index people_mark`;
    await sql`update people set mark = id`;
    expect((await migrate('up', '--retry', '20260106000000')).code).toBe(0);
    expect((await migrate('status')).code).toBe(0);
  });

  it('rehearses every reverse script on a copy, and leaves the database and no copy', async () => {
    const { code, told, seen } = await migrate('check', '--rehearse');

    expect(code, told.error?.message).toBe(0);
    expect(seen).toHaveLength(6);
    expect(seen[1]).toMatch(/^20260102000000_pets\.sql, rehearsed: /);
    expect(await sql`select datname from pg_database where datname like 'jv\\_rehearsal%'`).toEqual([]);
    expect(await sql`select count(*)::int as people from people`).toEqual([{ people: 5 }]);
    expect(await readdir(join(folder, 'db/rollbacks'))).toHaveLength(2);
  });

  it('takes back what is proven, and neither what is not nor what would take rows with it', async () => {
    expect(await migrate('down')).toMatchObject({ code: 6, told: { error: { code: 'MIGRATION_NOT_PROVEN' } } });
    await up('20260107000000_toys', 'create table toys (id int primary key);', 'drop table toys;');
    await migrate('up');
    expect((await migrate('check', '--rehearse')).code).toBe(0);
    await sql`insert into toys values (1), (2)`;

    const refused = await migrate('down');
    expect(refused).toMatchObject({ code: 6, told: { error: { code: 'MIGRATION_ROWS_AT_STAKE' } } });
    expect(refused.told.error?.message).toContain('2 rows of table public.toys');
    expect((await migrate('down', '--accept-loss', '--dry-run')).code).toBe(0);
    expect(await sql`select count(*)::int as toys from toys`).toEqual([{ toys: 2 }]);
    expect((await migrate('down', '--accept-loss')).seen).toEqual(['20260107000000_toys.sql: taken back']);

    expect(await sql`select to_regclass('toys') as it`).toEqual([{ it: null }]);
    expect((await migrate('status')).states).toContain('20260107000000 pending');
    expect(await migrate('down', '--to', '20200101000000')).toMatchObject({ code: 2, told: { error: { code: 'MIGRATION_NOT_APPLIED' } } });
  });

  it('makes the schema anew when the database’s name was typed and nothing need be kept, and says what stays', async () => {
    await rm(join(folder, 'db/migrations/20260106000000_mark.sql'));
    const tables = () => sql`select count(*)::int as people from people`;

    const unnamed = await migrate('reset');
    const wrong = await migrate('reset', '--confirm', 'staging');
    const kept = await migrate('reset', '--confirm', 'app');
    const dry = await migrate('reset', '--dry-run');
    await sql`create table jv_staging.environment (name text primary key)`;
    await sql`insert into jv_staging.environment values ('production')`;
    const production = await migrate('reset', '--confirm', 'app', '--accept-no-restore-point');
    await sql`drop table jv_staging.environment`;
    expect(await tables()).toEqual([{ people: 5 }]);
    const done = await migrate('reset', '--confirm', 'app', '--accept-no-restore-point');

    const refusals = [unnamed, wrong, kept, production].map(({ code, told }) => `${code} ${told.error?.code}`);
    expect(refusals).toEqual(['6 RESET_UNCONFIRMED', '6 RESET_UNCONFIRMED', '6 RESTORE_POINT_NO_PLACE', '6 RESET_OF_ANOTHER']);
    expect(unnamed.told.error).toMatchObject({ message: expect.stringContaining('in app'), fix: 'Add `--confirm app`.' });
    expect([dry.code, done.code, done.told.error?.message]).toEqual([0, 0, undefined]);
    expect(done.seen.join('; ')).toContain('roles, extensions in other schemas and Auth users stay');
    expect(await tables()).toEqual([{ people: 0 }]);
    expect((await migrate('status')).states).toHaveLength(6);
  });
});
