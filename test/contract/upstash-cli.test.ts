import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { findComponent, requires } from '../support/requires.ts';
import { runProcess } from '../support/run-process.ts';
import { serve } from '../support/side-vendor.ts';
import { owner, startTestUpstash, type TestUpstash } from '../support/upstash.ts';

const it = requires('redis-server', 'upstash-cli');
const hook = join(import.meta.dirname, '../support/upstash-fetch-hook.ts');

let upstash: TestUpstash;
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  upstash = await startTestUpstash();
  server = await serve({ fetch: (request, env) => upstash.app().fetch(request, env) }, 0);
});

afterAll(async () => {
  server.stop();
  await upstash.stop();
});

/** Runs `upstash redis …` and returns what it printed, which is always JSON. */
async function cli(...args: readonly string[]) {
  const env = {
    PATH: process.env['PATH'],
    NODE_OPTIONS: `--import ${hook}`,
    UPSTASH_API_URL: server.url,
    UPSTASH_EMAIL: owner.email,
    UPSTASH_API_KEY: owner.apiKey,
    UPSTASH_CONFIG_HOME: '/nonexistent',
  };
  const ended = await runProcess(process.execPath, [findComponent('upstash-cli') ?? '', 'redis', ...args], { env });
  if (ended.code !== 0) throw new Error(`upstash redis ${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

// Some twenty processes of the CLI: seconds on a quiet machine, a minute on a busy one.
it('is served as the vendor serves it: create, change, back up, run commands, delete', async () => {
  const made = await cli('create', '--name', 'by-cli', '--region', 'us-east-1');
  const id: string = made.database_id;
  const db = ['--db-id', id];
  const { restUrl } = await upstash.service().addresses(id);
  const exec = (...command: readonly string[]) => cli('exec', '--db-url', restUrl, '--db-token', made.rest_token, ...command);

  await exec('SET', 'written', 'by the CLI');
  await cli('backup', 'create', ...db, '--name', 'first');
  await exec('SET', 'written', 'again');
  const [backup] = await cli('backup', 'list', ...db);
  await cli('backup', 'restore', ...db, '--backup-id', backup.backup_id);
  await cli('backup', 'enable-daily', ...db);
  await cli('rename', ...db, '--name', 'renamed');
  await cli('change-plan', ...db, '--plan', 'fixed_1gb');
  await cli('update-budget', ...db, '--budget', '42');
  await cli('update-regions', ...db, '--read-regions', 'eu-west-1');
  await cli('enable-eviction', ...db);
  await cli('enable-autoupgrade', ...db);
  const shown = await cli('get', ...db, '--hide-credentials');
  const reset = await cli('reset-password', ...db);

  expect(upstash.service().databases()).toEqual([expect.objectContaining({ id, name: 'renamed', dailyBackup: true })]);
  expect(shown).toMatchObject({ type: 'paid', budget: 42, read_regions: ['eu-west-1'], eviction: true, auto_upgrade: true });
  expect(shown).not.toHaveProperty('password');
  expect(reset.password).not.toBe(made.password);
  await expect(exec('GET', 'written')).rejects.toThrow(/WRONGPASS/);
  expect(await cli('exec', '--db-url', restUrl, '--db-token', reset.rest_token, 'GET', 'written')).toEqual({ result: 'by the CLI' });
  expect((await cli('stats', ...db)).current_storage).toBeGreaterThan(0);
  expect(await cli('list')).toEqual([expect.objectContaining({ database_name: 'renamed' })]);
  await cli('delete', ...db);
  expect(await cli('list')).toEqual([]);
}, 240_000);
