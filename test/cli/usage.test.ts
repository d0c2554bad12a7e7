import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inEmptyFolder, runTool, unwrapped } from '../support/tool.ts';

const root = join(import.meta.dirname, '../..');

describe('a command that cannot be understood', () => {
  it('refuses an unknown flag as one JSON object with --json, and ends with 2', async () => {
    const ended = await inEmptyFolder((cwd) => runTool(['smoke', '--ulr', 'http://127.0.0.1:1', '--json'], { cwd }));

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: false,
      command: 'smoke',
      error: { code: 'USAGE_INVALID', message: 'Nonexistent flag: --ulr' },
    });
  });

  it.each([
    ['a word where a number belongs', ['load', '--vus', 'many']],
    ['a number below the least', ['load', '--vus', '0']],
    ['a value that is not offered', ['load', '--engine', 'jmeter']],
    ['a flag without its value', ['smoke', '--url']],
    ['a stage that does not exist', ['up', '--only', 'smkoe']],
    ['an argument too many', ['status', 'now']],
  ])('refuses %s with 2', async (_what, args) => {
    const ended = await inEmptyFolder((cwd) => runTool([...args, '--json'], { cwd }));

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, command: args[0], error: { code: 'USAGE_INVALID' } });
  });

  it.each(['provision', 'up'])('does not take JV_DRY_RUN=on for no: `%s` is refused with 2', async (command) => {
    const ended = await inEmptyFolder((cwd) => runTool([command, '--json'], { cwd, env: { JV_DRY_RUN: 'on' } }));

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'FLAG_VALUE_UNCLEAR', fix: 'Set JV_DRY_RUN=true or JV_DRY_RUN=false.' },
    });
  });
});

describe('credentials of the vendors', () => {
  const right = {
    VERCEL_TOKEN: 'aBcDeFgHiJkLmNoPqRsTuVwX',
    VERCEL_ORG_ID: 'team_1',
    SUPABASE_ACCESS_TOKEN: `sbp_${'0'.repeat(40)}`,
    SUPABASE_ORGANIZATION: 'my-org',
    UPSTASH_EMAIL: 'a@b.test',
    UPSTASH_API_KEY: '11111111-2222-3333-4444-555555555555',
  };

  it.each([
    ['swapped', { VERCEL_TOKEN: right.SUPABASE_ACCESS_TOKEN, SUPABASE_ACCESS_TOKEN: right.VERCEL_TOKEN }, 'VERCEL_TOKEN begins with sbp_'],
    ['in quotes and with a carriage return', { VERCEL_TOKEN: `"${right.VERCEL_TOKEN}"\r` }, 'VERCEL_TOKEN'],
  ])('that are %s are refused with 2 before any call, and not shown (fault 21)', async (_what, wrong, says) => {
    const env = { ...right, ...wrong };
    const config = join(root, 'fixtures/staging.config.ts');

    const ended = await inEmptyFolder((cwd) =>
      runTool(['plan', '--target', 'cloud', '--config', config, '--json'], { cwd, env: { ...env, JV_STATE_DIR: cwd } }),
    );

    expect(ended.code, ended.stdout).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'CREDENTIAL_MALFORMED', message: expect.stringMatching(new RegExp(`^Nothing was sent: .*${says}`)) },
    });
    for (const value of [right.VERCEL_TOKEN, right.SUPABASE_ACCESS_TOKEN]) expect(ended.stdout + ended.stderr).not.toContain(value);
  });
});

describe('the configuration', () => {
  it('is missed in one sentence that says how to name one, with 2', async () => {
    const ended = await inEmptyFolder((cwd) => runTool(['up'], { cwd }));

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('There is no staging.config.ts in');
    expect(unwrapped(ended.stderr)).toContain('with `jv-staging init`, try the sample with `jv-staging init --sample`');
    expect(unwrapped(ended.stderr)).toContain('--config PATH');
    expect(ended.stderr).toContain('CONFIG_NOT_FOUND (exit code 2)');
  });

  it.each(['provision', 'smoke', 'rollback'])('is needed by `%s`, which does nothing without one', async (command) => {
    const ended = await inEmptyFolder((cwd) => runTool([command, '--json'], { cwd }));

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, command, error: { code: 'CONFIG_NOT_FOUND' } });
  });

  it('is told everything that is wrong with it at once: path, what was seen, what was expected', async () => {
    const ended = await inEmptyFolder(async (cwd) => {
      await writeFile(join(cwd, 'staging.config.json'), JSON.stringify({ name: 'x', domain: 5, vercel: { regoin: 'iad1' } }));
      return runTool(['status', '--json', '--config', 'staging.config.json'], { cwd });
    });

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    const { error, data } = JSON.parse(ended.stdout);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', fix: expect.stringContaining('staging.config.json') });
    expect(data.problems).toEqual(
      expect.arrayContaining([
        { path: 'domain', seen: '5', expected: 'a value of type string' },
        { path: 'vercel.regoin', seen: 'a key that is not known', expected: expect.stringContaining('keys of vercel') },
        { path: 'supabase', seen: 'nothing', expected: expect.any(String) },
      ]),
    );
    expect(error.message).toContain(`${data.problems.length} problems`);
  });

  it('leaves `up` no stage when --from comes after every --only: 2, and no run', async () => {
    const ended = await inEmptyFolder(async (cwd) => {
      await copySample(cwd);
      return runTool(['up', '--from', 'load', '--only', 'smoke', '--target', 'local', '--json'], { cwd });
    });

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, command: 'up', error: { code: 'UP_NOTHING_SELECTED' } });
  });
});

/** Puts the sample configuration into a folder, with the folders that it names. */
async function copySample(folder: string): Promise<void> {
  await cp(join(root, 'fixtures/staging.config.ts'), join(folder, 'staging.config.ts'));
  for (const name of ['app', 'seed']) await mkdir(join(folder, name));
}
