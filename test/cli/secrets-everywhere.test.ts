import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { canaries, canaryLines, filesBelow, leaked, withCanaries } from '../support/canaries.ts';
import { commands } from '../support/command-line.ts';
import { requires } from '../support/requires.ts';
import { createSmallProject, type SmallProject } from '../support/small-project.ts';
import type { CliRun } from '../support/staging-project.ts';

const it = requires('git', 'redis-server', 'chrome');
const support = resolve(import.meta.dirname, '../support');
const prebuilt = ['--prebuilt', 'small/.vercel/output'];

/** Every command of the tool in the order of an environment's life, with the exit codes that it may end with here. */
const life: readonly (readonly [words: string, ...codes: readonly number[]])[] = [
  ['completion bash', 0],
  ['init --dry-run', 0],
  ['ci init', 2],
  ['local start', 0],
  ['local status', 0],
  ['local routes', 0],
  ['doctor', 0, 3],
  ['plan', 0, 8],
  ['provision', 0],
  ['doctor isolation', 9],
  ['env check', 0, 5],
  ['env push', 0],
  ['env diff', 0, 8],
  ['env pull --out pulled.env', 0],
  ['secrets list', 0],
  ['secrets rotate CRON_SECRET', 0],
  ['secrets set CRON_SECRET', 0],
  ['secrets export --to github', 6],
  [`deploy ${prebuilt.join(' ')}`, 0],
  ['seed', 0],
  ['smoke', 0],
  ['perf', 0, 5, 9],
  ['load --vus 2 --duration 3s', 5],
  ['up --only smoke', 0],
  ['report', 0],
  ['status', 0],
  ['status --all', 0],
  ['logs', 0],
  ['cost --for 5s', 9],
  ['docs', 0],
  ['gate', 5],
  ['migrate check', 0],
  ['migrate status', 0],
  ['migrate up', 0],
  ['migrate down --dry-run', 0, 2, 6],
  ['migrate reset --dry-run', 0],
  ['preview list', 0],
  [`preview up --branch b ${prebuilt.join(' ')}`, 0, 4, 5],
  ['preview gc --dry-run', 0],
  ['preview down --branch b --confirm jetvision-staging', 0],
  ['rollback --dry-run', 0, 3],
  ['rollback', 0, 3],
  ['unlock lock_none', 0],
  ['local fault ls', 0],
  ['local log', 0],
  ['destroy --confirm jetvision-staging', 0, 6],
  ['local reset --dry-run', 0],
];

/** Commands that the other tests of this file run. */
const elsewhere = ['local env', 'local fault add', 'local fault clear', 'local stop'];

describe('planted secrets', () => {
  let project: SmallProject;
  let children = '';
  const outputs: { readonly of: string; readonly text: string }[] = [];

  beforeAll(async () => {
    project = await createSmallProject();
    children = join(project.dir, 'children.log');
    await writeFile(children, '');
    await project.app('first', ['body']);
    await execa('git', ['init', '--quiet', '--bare', 'origin.git'], { cwd: project.dir });
    await execa('git', ['remote', 'add', 'origin', join(project.dir, 'origin.git')], { cwd: project.dir });
    await execa('git', ['push', '--quiet', 'origin', 'HEAD:b'], { cwd: project.dir });
    // An app that prints all it has, and answers with it.
    const secrets = '.vercel/output/functions/api/notes.func/index.js';
    const code = await readFile(join(project.dir, 'small', secrets), 'utf8');
    await writeFile(join(project.dir, 'small', secrets), `console.log(JSON.stringify(process.env));\n${code}`);
    const config = join(project.dir, 'staging.config.ts');
    await writeFile(config, withCanaries(await readFile(config, 'utf8')));
    await writeFile(join(project.dir, '.env.staging.local'), canaryLines(), { mode: 0o600 });
  }, 60_000);
  afterAll(() => project.remove());

  const watched = async (args: readonly string[], input?: string): Promise<CliRun> => {
    const env = { NODE_OPTIONS: `--import ${join(support, 'record-children.ts')}`, RECORD_CHILDREN: children };
    const run = await project.run(args, { env, ...(input === undefined ? {} : { input }) });
    outputs.push({ of: args.join(' '), text: `${run.stdout}\n${run.stderr}` });
    return run;
  };

  it('are sought in what every command prints', () => {
    const run = [...life.map(([words]) => words), ...elsewhere];
    const missed = Object.keys(commands).filter((id) => !run.some((words) => `${words} `.startsWith(`${id.replaceAll(':', ' ')} `)));

    expect(missed).toEqual([]);
  });

  it('stand in no output, in no file and on no command line, whatever command runs', async () => {
    const wrong: string[] = [];
    for (const [words, ...codes] of life) {
      const run = await watched(words.split(' '), words.startsWith('secrets set') ? `${canaries[3]}\n` : undefined);
      if (!codes.includes(run.exitCode)) wrong.push(`${words} ended with ${run.exitCode}: ${run.stdout}${run.stderr}`);
    }
    const held = parse(await readFile(join(project.dir, '.env.staging.local'), 'utf8'));
    // Addresses are no secrets: Sentry's stands in the browser's bundle.
    const own = Object.values(held).filter((value) => value.length >= 12 && !value.startsWith('http'));
    const secrets = [...new Set([...canaries, ...own])];

    const files = await filesBelow(project.dir, ['.env.staging.local', 'pulled.env']);

    expect(wrong).toEqual([]);
    expect(secrets.length).toBeGreaterThan(canaries.length);
    for (const { of, text } of outputs) expect(leaked(secrets, [text]), of).toEqual([]);
    for (const { path, text } of files) expect(leaked(secrets, [text]), path).toEqual([]);
    expect(files.map(({ path }) => path)).toContain('children.log');
  }, 600_000);
});
