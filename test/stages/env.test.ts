import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { envFile } from '../../src/adapters/files/env-file.ts';
import { emptyResources } from '../../src/stages/resources.ts';
import { envCheck, envDiff, envPull, envPushStage } from '../../src/stages/env.ts';
import { stageWorld, type StageWorld, stagingSettings, takeCalls } from '../support/stage-world.ts';

const none = new AbortController().signal;
let world: StageWorld;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-env-'));
  world = stageWorld();
  expect((await world.provision()).error).toBeUndefined();
  takeCalls(world);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const states = async () => (await envDiff(world.envDeps, emptyResources(), none)).map(({ name, state }) => `${name} ${state}`);
const project = async () => (await world.hosting.projects.find('jet-staging', none))?.id ?? '';
const byHand = async (name: string, fingerprint = 'by-hand') => {
  await world.hosting.projects.setVariables(await project(), [{ name, value: 'x', class: 'public', fingerprint }], none);
  takeCalls(world);
};

it('finds nothing to do after provision', async () => {
  expect(new Set((await states()).map((line) => line.split(' ')[1]))).toEqual(new Set(['unchanged']));
});

it('pushes what differs and nothing else, and finds nothing to do the second time', async () => {
  await byHand('CRON_SECRET');
  await byHand('SOMEBODY_ELSES');
  const push = async () => {
    const stage = envPushStage(world.envDeps, emptyResources());
    const { error } = await world.run(stage.steps);
    expect(error).toBeUndefined();
    return stage.result()?.details.written;
  };

  const first = await push();
  const second = await push();

  expect([first, second]).toEqual([['CRON_SECRET'], []]);
  expect(takeCalls(world)).toEqual(['set 1 variables']);
  expect(await states()).toContain('SOMEBODY_ELSES foreign');
});

it('pulls what can be read and what is known by its fingerprint, into a file of ours alone', async () => {
  await byHand('WRITTEN_ELSEWHERE');
  const path = join(folder, '.env.local');
  await writeFile(path, '# mine\nKEEP=1\nAPP_ENVIRONMENT=old\n', { mode: 0o644 });

  const pulled = await envPull(world.envDeps, emptyResources(), envFile(path), none);

  const values = parse(await readFile(path, 'utf8'));
  expect(values).toMatchObject({ KEEP: '1', APP_ENVIRONMENT: 'staging', CRON_SECRET: world.secretFile.values.get('CRON_SECRET') });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(pulled.written).toContain('DATABASE_URL');
});

it('never takes a hidden value for one', async () => {
  world.environment['CRON_SECRET'] = 'another-secret-than-the-deployed-one';
  const path = join(folder, '.env.local');

  const pulled = await envPull(world.envDeps, emptyResources(), envFile(path), none);

  expect(pulled.unreadable).toEqual(['CRON_SECRET']);
  expect(await readFile(path, 'utf8')).not.toContain('CRON_SECRET');
});

it('checks without asking anybody, and names what only exists later', () => {
  const checked = envCheck({ settings: stagingSettings, readSecret: () => undefined });

  expect(checked).toEqual({ checked: 5, later: ['APP_URL', 'CRON_SECRET', 'DATABASE_URL'], missing: [], problems: [] });
  const env = { ...stagingSettings.env, API_KEY: { value: { kind: 'env', name: 'API_KEY' }, class: 'secret', required: true } } as const;
  expect(envCheck({ settings: { ...stagingSettings, env }, readSecret: () => undefined }).missing).toEqual(['API_KEY']);
});

it.each(['provision', 'push'] as const)('refuses a live key before anything is written (%s)', async (command) => {
  const env = { ...stagingSettings.env, STRIPE_KEY: { value: 'sk_live_canary', class: 'secret', required: true } } as const;
  const settings = { ...stagingSettings, env };

  const { error } =
    command === 'provision'
      ? await world.provision({ settings })
      : await world.run(envPushStage({ ...world.envDeps, settings }, emptyResources()).steps);

  // `push` finds the resources first, and what is shared with production is refused there.
  const code = command === 'push' ? 'ISOLATION_BROKEN' : 'ENV_UNSAFE';
  expect(error).toMatchObject({ code, exitCode: 6, message: expect.stringContaining('STRIPE_KEY') });
  expect(String(error)).not.toContain('canary');
  expect(world.calls).toEqual([]);
});
