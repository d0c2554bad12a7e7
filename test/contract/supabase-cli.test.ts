import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { cloudEnv } from '../../src/local/lifecycle.ts';
import { startTestCloud, type TestCloud } from '../support/local-cloud.ts';
import { findComponent, requires } from '../support/requires.ts';
import { runTool } from '../support/tool.ts';
import { runProcess, type Ended } from '../support/run-process.ts';

const migrations = join(import.meta.dirname, '../../supabase/migrations');
const password = 'the-owner-password';

let cloud: TestCloud;
let folder: string;
let ref: string;
let databaseUrl: string;

/** What the local cloud says of a project (`/_local/projects/:ref`) and its keys, as far as these tests need it. */
const addressesShape = z.object({
  url: z.string(),
  direct: z.object({ host: z.string(), port: z.number(), database: z.string(), user: z.string() }),
});
/** What `migrate up` and `migrate status` print, as far as these tests need it. */
const ledgerShape = z.object({
  data: z.object({
    findings: z.array(z.object({ title: z.string(), seen: z.string() })).optional(),
    migrations: z.array(z.object({ state: z.string() })).optional(),
  }),
});
const keysShape = z.array(z.object({ name: z.string(), type: z.string(), api_key: z.string() }));

beforeAll(async () => {
  if (findComponent('supabase-cli') === undefined) return;
  cloud = await startTestCloud();
  folder = await mkdtemp(join(tmpdir(), 'jv-supabase-cli-'));
  await mkdir(join(folder, 'work/supabase'), { recursive: true });
  await cp(migrations, join(folder, 'work/supabase/migrations'), { recursive: true });
  await writeFile(join(folder, 'work/supabase/config.toml'), 'project_id = "jetvision"\n');
}, 60_000);

afterAll(async () => {
  await rm(folder ?? join(tmpdir(), 'jv-none'), { recursive: true, force: true });
  await cloud?.stop();
}, 60_000);

/** Runs the CLI as somebody would after `eval "$(jv-staging local env)"`, in a home of its own. */
async function cli(...args: readonly string[]): Promise<Ended> {
  const program = findComponent('supabase-cli');
  if (program === undefined) throw new Error('There is no supabase CLI.');
  return runProcess(program, args, {
    cwd: join(folder, 'work'),
    env: {
      PATH: `${join(process.execPath, '..')}:/usr/bin:/bin`,
      HOME: folder,
      DO_NOT_TRACK: '1',
      SUPABASE_TELEMETRY_DISABLED: '1',
      ...cloudEnv(cloud.endpoints, cloud.stateDir),
    },
  });
}

/** Runs what must work, and returns what it printed. */
async function done(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(...args);
  if (code !== 0) throw new Error(`supabase ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

async function json(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await done(...args, '--output-format', 'json'));
}

async function ask<Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.infer<Shape>> {
  const { apiUrl, accessToken } = cloud.endpoints.supabase;
  const response = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${accessToken}` } });
  return shape.parse(await response.json());
}

const it = requires('supabase-cli');

// One after the other: each goes on from what the one before made, as somebody at a terminal does.
describe('supabase CLI 3.1, unchanged', () => {
  it('says who is asking, and lists the organisations', async () => {
    expect(await done('whoami')).toContain('jv-local');
    expect(await done('orgs', 'list')).toContain(cloud.endpoints.supabase.organization);
  });

  it('refuses a wrong token as the vendor does', async () => {
    const program = findComponent('supabase-cli') ?? '';
    const env = { ...cloudEnv(cloud.endpoints, cloud.stateDir), SUPABASE_ACCESS_TOKEN: `sbp_${'0'.repeat(40)}` };
    const { code, stdout, stderr } = await runProcess(program, ['projects', 'list'], {
      env: { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin`, HOME: folder, SUPABASE_TELEMETRY_DISABLED: '1', ...env },
    });

    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).toContain('Unauthorized');
  });

  it('creates a project and lists it', async () => {
    const place = ['--org-id', cloud.endpoints.supabase.organization, '--region', 'eu-central-1'];
    const created = await json('projects', 'create', 'from-the-cli', '--yes', ...place, '--db-password', password);
    ref = z.object({ ref: z.string() }).parse(created).ref;
    await expect
      .poll(async () => await ask(`/v1/projects/${ref}`, z.object({ status: z.string() })), { timeout: 20_000 })
      .toEqual({ status: 'ACTIVE_HEALTHY' });
    const { direct } = await ask(`/_local/projects/${ref}`, addressesShape);
    databaseUrl = `postgresql://${direct.user}:${password}@${direct.host}:${direct.port}/${direct.database}`;

    expect(created).toMatchObject({ name: 'from-the-cli', region: 'eu-central-1', status: 'COMING_UP' });
    expect(await json('projects', 'list')).toMatchObject({
      projects: expect.arrayContaining([expect.objectContaining({ ref, name: 'from-the-cli', status: 'ACTIVE_HEALTHY' })]),
    });
  });

  it('lists the keys, and links the project', async () => {
    const keys = await json('projects', 'api-keys', `--remote=${ref}`);
    await done('link', '--project-ref', ref);

    expect(keys).toMatchObject({
      keys: [
        { name: 'anon', type: 'legacy' },
        { name: 'service_role', type: 'legacy' },
        { type: 'publishable', api_key: expect.stringMatching(/^sb_publishable_/) },
        { type: 'secret', api_key: expect.stringMatching(/^sb_secret_.{5}·+$/) },
      ],
    });
    expect(await readdir(join(folder, 'work/supabase/.temp'))).toEqual(
      expect.arrayContaining(['project-ref', 'pooler-url', 'postgres-version']),
    );
  });

  it('pushes the migrations to the database, once', async () => {
    const first = await done('db', 'push', `--remote=${databaseUrl}`, '--yes');
    const second = await cli('db', 'push', `--remote=${databaseUrl}`, '--yes');
    const files = await readdir(migrations);
    const listed = await json('migration', 'list', `--remote=${databaseUrl}`);

    expect(files.length).toBeGreaterThan(0);
    expect(first).toContain('Finished supabase db push.');
    expect(`${second.stdout}${second.stderr}`).toContain('up to date');
    for (const file of files) expect(JSON.stringify(listed)).toContain(file.split('_')[0]);
  });

  it('finds nothing to do after our own runner, which finds nothing to do after it', async () => {
    const ours = async (command: 'up' | 'status') => {
      const args = ['migrate', command, '--db-url-env', 'DATABASE_URL', '--json'];
      const { stdout } = await runTool(args, { cwd: join(folder, 'work'), env: { DATABASE_URL: databaseUrl } });
      return ledgerShape.parse(JSON.parse(stdout));
    };
    const after = await ours('up');
    await writeFile(join(folder, 'work/supabase/migrations/20290101000000_ours.sql'), "comment on table public.users is 'ours';\n");
    const applied = await ours('up');
    const pushed = await cli('db', 'push', `--remote=${databaseUrl}`, '--yes');
    const { data } = await ours('status');

    expect(after.data.findings?.map(({ title, seen }) => `${title}: ${seen}`)).toEqual(['Pending migrations: none']);
    expect(applied.data.findings?.map(({ title, seen }) => `${title}: ${seen}`)).toEqual(['20290101000000_ours.sql: applied now']);
    expect(`${pushed.stdout}${pushed.stderr}`).toContain('up to date');
    expect(new Set(data.migrations?.map(({ state }) => state))).toEqual(new Set(['applied']));
    expect(data.migrations).toHaveLength((await readdir(migrations)).length + 1);
  });

  it('applies a new migration, and repairs the history', async () => {
    await writeFile(
      join(folder, 'work/supabase/migrations/20300101000000_notes.sql'),
      'create table public.notes (id int primary key, word text);\nalter table public.notes enable row level security;\n',
    );
    await done('migration', 'up', `--remote=${databaseUrl}`, '--yes');
    await done('migration', 'repair', '20300101000000', '--status', 'reverted', `--remote=${databaseUrl}`, '--yes');
    const reverted = await ask(`/v1/projects/${ref}/database/migrations`, z.array(z.object({ version: z.string() })));
    await done('migration', 'repair', '20300101000000', '--status', 'applied', `--remote=${databaseUrl}`, '--yes');
    const applied = await ask(`/v1/projects/${ref}/database/migrations`, z.array(z.object({ version: z.string() })));

    expect(reverted.map(({ version }) => version)).not.toContain('20300101000000');
    expect(applied.map(({ version }) => version)).toContain('20300101000000');
  });

  it('reads by SQL what supabase-js wrote, as Postgres does', async () => {
    const word = randomBytes(12).toString('hex');
    const { url } = await ask(`/_local/projects/${ref}`, addressesShape);
    const keys = await ask(`/v1/projects/${ref}/api-keys?reveal=true`, keysShape);
    const secret = keys.find((key) => key.type === 'secret')?.api_key ?? '';
    const { error } = await createClient(url, secret, { auth: { persistSession: false } })
      .from('notes')
      .insert({ id: 1, word });
    const byApi = await json('db', 'query', 'select word from notes', `--remote=${ref}`, '--yes');
    const byAddress = await done('db', 'query', 'select word from notes', `--remote=${databaseUrl}`, '--read-only');
    const sql = postgres(databaseUrl, { max: 1 });
    const rows = await sql`select word from notes`;
    await sql.end();

    expect(error).toBeNull();
    expect(byApi).toEqual([{ word }]);
    expect(byAddress).toContain(word);
    expect(rows).toEqual([{ word }]);
  });

  it('generates the same types from the API and from the database', async () => {
    const byApi = await done('gen', 'types', `--remote=${ref}`);
    const byAddress = await done('gen', 'types', `--remote=${databaseUrl}`, '--schema', 'public');

    for (const types of [byApi, byAddress])
      expect(types).toMatch(/"?notes"?: \{\s+Row: \{\s+"?id"?: number[;,\s]\s*"?word"?: string \| null/);
  });

  it('finds with its own advisor what ours finds', async () => {
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
    await sql`create table public.open_door (id int primary key)`;
    const ours = await cli('db', 'advisors', `--remote=${ref}`, '--type', 'security', '--fail-on', 'error');
    const theirs = await cli('db', 'advisors', `--remote=${databaseUrl}`, '--type', 'security', '--fail-on', 'error');
    await sql`drop table public.open_door`;
    await sql.end();

    for (const answer of [ours, theirs]) {
      expect(answer.code).toBe(1);
      expect(`${answer.stdout}${answer.stderr}`).toContain('open_door');
      expect(`${answer.stdout}${answer.stderr}`).toContain('rls_disabled_in_public');
    }
    expect(await done('db', 'advisors', `--remote=${ref}`, '--type', 'security', '--fail-on', 'error')).not.toContain('ERROR');
  });

  it('makes, lists and deletes a branch that has the migrations', async () => {
    const before = await json('branches', 'list');
    const created = z.object({ project_ref: z.string() }).parse(await json('branches', 'create', 'feature', '--yes'));
    await expect
      .poll(async () => await ask(`/v1/projects/${created.project_ref}`, z.object({ status: z.string() })), { timeout: 30_000 })
      .toEqual({ status: 'ACTIVE_HEALTHY' });
    const rows = await json(
      'db',
      'query',
      `select to_regclass('public.flight_requests') is not null as there, (select count(*)::int from notes) as notes`,
      `--remote=${created.project_ref}`,
      '--yes',
    );
    const listed = await json('branches', 'list');
    await done('branches', 'delete', 'feature', '--yes');

    expect(before).toMatchObject({ branches: [] });
    expect(listed).toMatchObject({ branches: [{ name: 'main' }, { name: 'feature', status: 'FUNCTIONS_DEPLOYED' }] });
    expect(rows).toEqual([{ there: true, notes: 0 }]);
    expect(await json('branches', 'list')).toMatchObject({ branches: [] });
  });

  it('lists backups, and reads and changes settings', async () => {
    expect(await json('backups', 'list')).toMatchObject({ pitr_enabled: false, walg_enabled: true });
    expect(await done('ssl-enforcement', 'get', '--experimental')).toContain('SSL is *NOT* being enforced');
    expect(await done('network-restrictions', 'get', '--experimental')).toContain('0.0.0.0/0');
    await done('postgres-config', 'update', '--config', 'work_mem=6MB', '--yes', '--experimental');
    const sql = postgres(databaseUrl, { max: 1 });
    const [row] = await sql`show work_mem`;
    await sql.end();

    expect(row).toEqual({ work_mem: '6MB' });
  });

  it('deletes the project', async () => {
    await done('projects', 'delete', ref, '--yes');
    const listed = await json('projects', 'list');

    expect(JSON.stringify(listed)).not.toContain(ref);
  });
});
