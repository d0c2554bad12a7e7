import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSeedFile } from '../../src/adapters/files/seed-file.ts';
import { findConfig } from '../../src/config/find.ts';
import { loadConfig } from '../../src/config/load.ts';
import { StagingError } from '../../src/core/errors.ts';

/** The sample's settings, with what the cases below change in one place each. */
let small: Readonly<Record<string, unknown>> = {};
let folder = '';

beforeAll(async () => {
  const program = resolve(import.meta.dirname, '../support/print-config.ts');
  const { stdout } = await execa(process.execPath, [program, resolve('fixtures/staging.config.ts')]);
  const { settings } = z.object({ settings: z.record(z.string(), z.unknown()) }).parse(JSON.parse(stdout));
  const parts = { supabase: { region: 'us-east-1' }, upstash: { prefix: 'a:' }, app: { dir: 'app', output: 'app/out' } };
  const checks = { minimum: 1, checks: [{ id: 'health', kind: 'health', title: 'Health', path: '/api/health' }] };
  small = { ...settings, ...parts, name: 'a-staging', smoke: checks, env: { A: { value: '1', class: 'public' } } };
}, 60_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-hostile-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(text: string): Promise<unknown> {
  const path = join(folder, 'staging.config.json');
  await writeFile(path, text);
  return loadConfig(findConfig(folder, path) ?? '', 'file:///none', undefined).then(
    ({ settings }) => settings,
    (error: unknown) => error,
  );
}

/** Returns the text of the configuration with one more key, as it stands in the file. */
const withKey = (key: string, value: string) => () => JSON.stringify(small).replace('{', `{"${key}":${value},`);
const within = (part: string, key: string, value: string) => () =>
  JSON.stringify(small).replace(`"${part}":{`, `"${part}":{"${key}":${value},`);

describe('a hostile configuration (fault 54)', () => {
  it('the control: the same file without anything hostile is taken', async () => {
    expect(await load(JSON.stringify(small))).toMatchObject({ name: 'a-staging', target: 'cloud' });
  });

  it.each([
    ['a prototype', withKey('__proto__', '{"polluted":true}'), /__proto__/],
    ['a prototype of a part', within('supabase', '__proto__', '{"polluted":true}'), /__proto__/],
    ['a constructor', withKey('constructor', '{"prototype":{"polluted":true}}'), /constructor/],
    ['a key that nobody knows', within('upstash', 'regoin', '"us-east-1"'), /upstash\.regoin/],
    ['a host for the credentials (fault 60)', within('vercel', 'apiUrl', '"https://evil.test"'), /vercel\.apiUrl/],
    ['a host for Supabase’s credentials (fault 60)', within('supabase', 'apiUrl', '"https://evil.test"'), /supabase\.apiUrl/],
    ['a number beyond all numbers', within('upstash', 'budgetUsd', '1e400'), /upstash\.budgetUsd/],
    ['NUL in a path', () => JSON.stringify({ ...small, app: { output: 'app/out', dir: 'app\0/../../etc' } }), /app\.dir/],
    ['lists within lists', withKey('env2', `${'['.repeat(100_000)}${']'.repeat(100_000)}`), /env2/],
    [
      'lists within lists where a value belongs',
      () => JSON.stringify(small).replace('"value":"1"', `"value":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      /env\.A/,
    ],
    [
      'a region that there is not (fault 24)',
      () => JSON.stringify(small).replace('"region":"us-east-1"', '"region":"mars-1"'),
      /supabase\.region: seen "mars-1"/,
    ],
    [
      'regions far from one another (fault 24)',
      within('upstash', 'region', '"eu-central-1"'),
      /upstash\.region: seen eu-central-1, expected a region near vercel\.region/,
    ],
  ])('%s is refused with 2, at once, and changes no prototype', async (_what, text, says) => {
    const before = process.cpuUsage();

    const error = await load(text());

    expect(error).toMatchObject({ exitCode: 2 });
    expect(error instanceof StagingError ? error.message : '').toMatch(says);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1000);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each(['staging.config.ts', 'staging.config.json'])('%s of a gigabyte is not read', async (name) => {
    const path = join(folder, name);
    const file = await open(path, 'w');
    await file.truncate(1024 ** 3);
    await file.close();
    const before = process.memoryUsage().rss;

    expect(() => findConfig(folder, path)).toThrow(expect.objectContaining({ code: 'CONFIG_TOO_LARGE', exitCode: 2 }));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 ** 2);
  });
});

describe('hostile seed rows (fault 54)', () => {
  const seed = async (row: string) => {
    await writeFile(
      join(folder, 'demo.json'),
      `{"version":1,"auth":[],"tables":[{"table":"users","key":["id"],"rows":[{"id":1,"info":${row}}]}]}`,
    );
    return readSeedFile(folder, 'demo');
  };

  it.each([
    ['nested without end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a number beyond all numbers', '1e400'],
  ])('a value that is %s is refused with 2', async (_what, row) => {
    await expect(seed(row)).rejects.toMatchObject({ code: 'SEED_INVALID', exitCode: 2 });
  });

  it('a prototype in a value stays a key of its own', async () => {
    await seed('{"__proto__":{"polluted":true}}');

    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('of a gigabyte are not read', async () => {
    const file = await open(join(folder, 'demo.json'), 'w');
    await file.truncate(1024 ** 3);
    await file.close();

    await expect(readSeedFile(folder, 'demo')).rejects.toMatchObject({ code: 'SEED_TOO_LARGE', exitCode: 2 });
  });
});
