import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSecrets } from '../../src/config/secrets.ts';
import { openSecretFile } from '../../src/wiring/secret-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-secret-file-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('finds a password that stands in the environment alone, where there is no file', async () => {
  const path = join(folder, '.env.staging');
  const secrets = openSecrets(path, { STAGING_SUPABASE_DB_PASSWORD: 'from-ci' });

  const file = openSecretFile(path, secrets);

  expect(await file.read('STAGING_SUPABASE_DB_PASSWORD')).toBe('from-ci');
  // What was read must be hidden in whatever is printed.
  expect([...secrets.seen]).toEqual(['from-ci']);
  expect(await file.read('STAGING_USER_PASSWORD')).toBeUndefined();
});

it('goes by the file’s own line where there is one', async () => {
  const path = join(folder, '.env.staging');
  await writeFile(path, 'STAGING_REDIS_TOKEN=from-the-file\n');

  const file = openSecretFile(path, openSecrets(path, { STAGING_REDIS_TOKEN: 'from-the-shell' }));

  expect(await file.read('STAGING_REDIS_TOKEN')).toBe('from-the-file');
});
