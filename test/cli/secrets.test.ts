import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { canaries, canaryLines, filesBelow, leaked, withCanaries } from '../support/canaries.ts';
import { fakeProgram } from '../support/fake-program.ts';
import { sealedWorld } from '../support/sealed-world.ts';
import { requires } from '../support/requires.ts';
import { runTool } from '../support/tool.ts';
import { type CliRun, createStagingProject, type StagingProject } from '../support/staging-project.ts';

const support = resolve(import.meta.dirname, '../support');
const places = z.array(z.object({ name: z.string(), place: z.string().nullable(), rotating: z.boolean(), variables: z.array(z.string()) }));
const password = 'STAGING_SUPABASE_DB_PASSWORD';
const points = ['before', 'sent', 'replied'] as const;
/** `npm run sweep` takes every point of every step; a test run takes one a step, another one each day. */
const isWhole = process.env['JV_SWEEP'] === 'all';
const seed = Number(process.env['JV_SWEEP_SEED'] ?? Math.floor(Date.now() / 86_400_000));

describe('secrets', () => {
  const it = requires('git', 'redis-server');
  let project: StagingProject;
  let children = '';
  const outputs: string[] = [];

  beforeAll(async () => {
    project = await createStagingProject();
    children = join(project.dir, 'children.log');
    await writeFile(children, '');
    const config = join(project.dir, 'staging.config.ts');
    await writeFile(config, withCanaries(await readFile(config, 'utf8')));
    await writeFile(join(project.dir, '.env.staging.local'), canaryLines(), { mode: 0o600 });
    expect((await watched(['provision'])).exitCode).toBe(0);
    expect((await watched(['seed'])).exitCode).toBe(0);
  }, 180_000);
  afterAll(() => project.remove());

  /** Runs the tool with its children written down, and keeps what it prints. */
  const watched = async (args: readonly string[], env: Readonly<Record<string, string>> = {}, input?: string): Promise<CliRun> => {
    const options = `--import ${join(support, 'record-children.ts')}`;
    const more = input === undefined ? {} : { input };
    const run = await project.run(args, { env: { NODE_OPTIONS: options, RECORD_CHILDREN: children, ...env }, ...more });
    outputs.push(run.stdout, run.stderr);
    return run;
  };
  const fileValues = async () => parse(await readFile(join(project.dir, '.env.staging.local'), 'utf8'));
  const pending = async () => parse(await readFile(join(project.stateDir, 'rotation.env'), 'utf8').catch(() => ''));

  it('are listed with where they live and which variables hold them', async () => {
    const run = await watched(['secrets', 'list', '--json']);

    expect(run.exitCode, run.stdout).toBe(0);
    const found = run.json(places).data;
    expect(found.find(({ name }) => name === password)).toEqual({
      name: password,
      place: 'file',
      rotating: false,
      variables: ['DATABASE_URL'],
    });
    expect(found.filter(({ name }) => name.startsWith('CANARY_'))).toHaveLength(canaries.length);
  });

  it('are set by stdin alone, and those that a vendor holds, too, are not', async () => {
    const set = await watched(['secrets', 'set', 'CRON_SECRET'], {}, 'a-new-cron-secret-from-stdin\n');
    const refused = await watched(['secrets', 'set', password, '--json'], {}, 'x');
    const empty = await watched(['secrets', 'set', 'CRON_SECRET', '--json'], {}, '');
    const unknown = await watched(['secrets', 'set', 'NO_SUCH', '--json'], {}, 'x');

    expect(set.exitCode, set.stderr).toBe(0);
    expect((await fileValues())['CRON_SECRET']).toBe('a-new-cron-secret-from-stdin');
    expect(`${set.stdout}${set.stderr}`).not.toContain('a-new-cron-secret');
    const codes = [refused, empty, unknown].map((run) => [run.exitCode, run.json(z.unknown()).error?.code]);
    expect(codes).toEqual([
      [2, 'SECRET_NOT_SETTABLE'],
      [2, 'SECRET_INPUT_EMPTY'],
      [2, 'SECRET_UNKNOWN'],
    ]);
  }, 60_000);

  it.each(['CRON_SECRET', password, 'STAGING_USER_PASSWORD', 'STAGING_REDIS_TOKEN'])(
    '%s is rotated everywhere: nothing is left to do but a deploy',
    async (name) => {
      const before = (await fileValues())[name];

      const run = await watched(['secrets', 'rotate', name]);
      const plan = await watched(['plan', '--exit-code', '--json']);
      const seeded = name === 'STAGING_USER_PASSWORD' ? await watched(['seed', '--json']) : plan;

      expect(run.exitCode, run.stderr).toBe(0);
      expect((await fileValues())[name]).not.toBe(before);
      expect(plan.exitCode, plan.stdout).toBe(0);
      expect(seeded.exitCode, seeded.stdout).toBe(0);
      expect(Object.values(await pending()).filter((value) => value !== '')).toEqual([]);
    },
    60_000,
  );

  it('what others make is not rotated, and why is said', async () => {
    const run = await watched(['secrets', 'rotate', 'STAGING_SUPABASE_SERVICE_KEY', '--json']);

    expect(run.exitCode).toBe(2);
    expect(run.json(z.unknown()).error).toMatchObject({ code: 'SECRET_NOT_ROTATABLE', message: expect.stringContaining('Supabase') });
  });

  it.each(['JV_STATE_KEY', password])(
    '%s, killed at each step of its rotation and rotated again, leaves nothing half changed (fault 7)',
    async (name) => {
      const sealed = await sealedWorld(project);
      await sealed.add();
      const whole = await watched(['secrets', 'rotate', name, '--json']);
      const steps = await announced();
      expect([whole.exitCode, ...(await sealed.problems())], whole.stdout).toEqual([0]);
      const cases = steps.flatMap((step, at) =>
        points.filter((_, place) => isWhole || place === (at + seed) % points.length).map((point) => `${step} ${point}`),
      );
      const wrong: string[] = [];

      for (const at of cases) {
        const before = (await fileValues())[name];
        const killed = await project.run(['secrets', 'rotate', name], {
          env: { KILL_AT: at, NODE_OPTIONS: `--import ${join(support, 'kill-at.ts')}` },
        });
        const [half, within] = [await pending(), await sealed.problems()];
        const again = await watched(['secrets', 'rotate', name, '--json']);
        const now = (await fileValues())[name];
        const kept = half[name] ?? '';
        if (killed.exitCode === 0) wrong.push(`${at}: was not killed`);
        // Between the two runs everything opens that opened before, and what was kept is what everything has afterwards.
        if (within.some((problem) => problem.startsWith('cannot be opened'))) wrong.push(`${at}: half way ${within.join(', ')}`);
        if (again.exitCode !== 0) wrong.push(`${at}: the next run ended with ${again.exitCode}: ${again.stdout}`);
        if (now === before || (kept !== '' && now !== kept)) wrong.push(`${at}: ${name} is not the new value`);
        wrong.push(...(await sealed.problems()).map((problem) => `${at}: ${problem}`));
      }

      const left = { ...(await pending()), former: (await fileValues())['JV_STATE_KEY_PREVIOUS'] ?? '' };
      const plan = await watched(['plan', '--exit-code', '--json']);
      await sealed.close();
      expect(wrong).toEqual([]);
      expect(steps).toEqual(
        expect.arrayContaining(name === password ? ['vendor', 'keep', 'push'] : ['keep', 'restore-points', 'records', 'push']),
      );
      expect(Object.values(left).filter((value) => value !== '')).toEqual([]);
      expect(plan.exitCode, plan.stdout).toBe(0);
    },
    300_000,
  );

  /** Returns the steps that the last run announced in its journal, in order. */
  const announced = async (): Promise<readonly string[]> => {
    const folder = join(project.stateDir, 'journal');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.jsonl')).toSorted();
    const lines = (await readFile(join(folder, files.at(-1) ?? ''), 'utf8')).trim().split('\n');
    const entries = lines.map((line) => z.object({ path: z.string(), phase: z.string() }).parse(JSON.parse(line)));
    return entries.flatMap(({ path, phase }) => (phase === 'intent' ? [path] : []));
  };

  it('are handed over to GitHub by stdin, and never stand on its command line', async () => {
    const log = join(project.dir, 'gh.log');
    await fakeProgram(
      join(project.dir, 'bin/gh'),
      `printf '%s\\n' "$*" >> '${log}.argv'\nprintf '%s=%s\\n' "$3" "$(cat)" >> '${log}.stdin'`,
    );
    const held = await fileValues();
    const env = {
      ...held,
      PATH: `${join(project.dir, 'bin')}:${process.env['PATH'] ?? ''}`,
      VERCEL_TOKEN: 'vercel-credential-of-a-test',
    };

    const local = await watched(['secrets', 'export', '--to', 'github', '--json']);
    const args = ['secrets', 'export', '--to', 'github', '--repo', 'jetvision/app', '--target', 'cloud', '--json'];
    const run = await runTool(args, { cwd: project.dir, env });

    expect(local.json(z.unknown()).error?.code).toBe('SECRETS_LOCAL');
    expect(run.code, run.stdout).toBe(0);
    const [argv, stdin] = await Promise.all([readFile(`${log}.argv`, 'utf8'), readFile(`${log}.stdin`, 'utf8')]);
    expect(argv).toContain('secret set JV_STATE_KEY --app actions --repo jetvision/app');
    expect(stdin).toContain('VERCEL_TOKEN=vercel-credential-of-a-test\n');
    expect(stdin).toContain(`CANARY_0=${canaries[0]}\n`);
    for (const value of [...canaries, 'vercel-credential-of-a-test', held[password] ?? '']) expect(argv).not.toContain(value);
  }, 60_000);

  it('twenty planted ones are in no file, no output and on no command line, whatever form', async () => {
    for (const args of [
      ['plan', '--out', 'plan.json'],
      ['env', 'diff'],
      ['env', 'check'],
      ['status'],
      ['doctor', '--json'],
      ['plan', '--json', '--verbose'],
    ])
      await watched(args);
    const given = ['.env.staging.local', 'staging.config.ts', 'gh.log.stdin'];

    const files = await filesBelow(project.dir, given);
    const texts = [...outputs, ...files.map(({ text }) => text)];

    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['plan.json', 'children.log']));
    expect((await readFile(children, 'utf8')).split('\n').length).toBeGreaterThan(5);
    expect(files.length).toBeGreaterThan(20);
    expect(leaked(canaries, texts)).toEqual([]);
  }, 120_000);
});
