import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findConfig } from '../../src/config/find.ts';
import { openSecrets } from '../../src/config/secrets.ts';
import { originalBudgets } from '../../src/core/perf/perf.ts';
import { type StagingSettings } from '../../src/core/settings.ts';

const sample = resolve('fixtures/staging.config.ts');
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Loads a configuration in a Node of its own, as the tool does. */
async function load(path: string): Promise<{ settings: StagingSettings; error: { code: string; exitCode: number; message: string } }> {
  const { stdout } = await execa(process.execPath, [resolve(import.meta.dirname, '../support/print-config.ts'), path]);
  return JSON.parse(stdout);
}

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('loading a configuration', () => {
  it('loads the sample from a folder without node_modules, paths made absolute and defaults filled in', async () => {
    const path = await write('staging.config.ts', await readFile(sample, 'utf8'));

    const { settings } = await load(path);

    expect(settings.app).toEqual({ dir: join(folder, 'app'), build: ['node', 'build.ts'], output: join(folder, 'app/.vercel/output') });
    expect(settings.target).toBe('cloud');
    expect(settings.env.DATABASE_URL).toEqual({ value: { kind: 'fact', fact: 'database.poolerUrl' }, class: 'secret', required: true });
    expect(settings.perf.budgets).toEqual(originalBudgets);
    expect(settings.smoke.checks).toHaveLength(18);
  });

  it('says everything that is wrong at once: path, value seen, value expected', async () => {
    const { settings } = await load(sample);
    const broken = {
      ...settings,
      supabase: undefined,
      domain: 42,
      app: { dir: 'app', outputt: 'x' },
      perf: { ...settings.perf, runs: 0, budgets: { ...settings.perf.budgets, score: 'high' } },
      smoke: { checks: [{ id: 'x', kind: 'pagee', title: 'X' }] },
      vercel: { ...settings.vercel, token: 'vcp_0123456789abcdef0123456789abcdef' },
    };
    const path = await write('staging.config.json', JSON.stringify(broken));

    const { error } = await load(path);

    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 });
    const { message } = error;
    expect(message).toContain('domain: seen 42, expected a value of type string');
    expect(message).toContain('app.outputt: seen a key that is not known');
    expect(message).toContain('perf.runs: seen 0, expected at least 1');
    expect(message).toContain('perf.budgets.score: seen "high", expected a value of type number');
    expect(message).toContain('smoke.checks[0].kind');
    expect(message).toContain('supabase: seen nothing');
    expect(message).toContain('vercel.token');
    expect(message).not.toContain('vcp_0123456789abcdef');
  });

  it.each([
    ['a production domain as its own', { domain: 'jetvision-assistant.com' }, 'domain: seen jetvision-assistant.com'],
    ['a production project as its own', { name: 'jetvision-production' }, 'name: seen jetvision-production'],
    ['a load profile that does not exist', { loadProfile: 'huge' }, 'load.profile: seen "huge", expected one of short, full'],
  ])('refuses %s', async (_, { loadProfile, ...change }: { loadProfile?: string; domain?: string; name?: string }, sentence) => {
    const { settings } = await load(sample);
    const ramp = loadProfile === undefined ? settings.load : { ...settings.load, profile: loadProfile };
    const path = await write('staging.config.json', JSON.stringify({ ...settings, ...change, load: ramp }));

    const { error } = await load(path);

    expect(error.message).toContain(sentence);
  });

  it('says in one sentence when the file cannot be loaded', async () => {
    const path = await write('staging.config.ts', 'export default {;');

    const { error } = await load(path);

    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE', exitCode: 2 });
  });
});

describe('finding a configuration', () => {
  it('looks upward, but not above the root of the git working tree', async () => {
    await write('staging.config.ts', '');
    await mkdir(join(folder, 'tree/.git'), { recursive: true });
    await mkdir(join(folder, 'tree/below'), { recursive: true });
    await mkdir(join(folder, 'plain/below'), { recursive: true });

    expect(findConfig(join(folder, 'plain/below'), undefined)).toBe(join(folder, 'staging.config.ts'));
    expect(findConfig(join(folder, 'tree/below'), undefined)).toBeUndefined();
  });

  it('refuses a named file that does not exist', () => {
    expect(() => findConfig(folder, 'nowhere.ts')).toThrow(/no configuration file/);
  });
});

describe('secrets', () => {
  it('takes the environment before the file, sees lines added later, and remembers what it gave out', async () => {
    const file = await write('.env.staging', 'A=from-file\nB=from-file-too\nEMPTY=\n');
    const secrets = openSecrets(file, { A: 'from-environment' });

    expect(secrets.read({ kind: 'env', name: 'A' })).toBe('from-environment');
    expect(secrets.read({ kind: 'env', name: 'B' })).toBe('from-file-too');
    expect(secrets.read({ kind: 'env', name: 'EMPTY' })).toBeUndefined();
    expect(secrets.read({ kind: 'env', name: 'C' })).toBeUndefined();
    await writeFile(file, 'C=later');
    expect(secrets.read({ kind: 'env', name: 'C' })).toBe('later');
    expect([...secrets.seen]).toEqual(['from-environment', 'from-file-too', 'later']);
  });
});
