import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findComponent } from '../support/requires.ts';
import { removeCloud } from '../support/local-cloud.ts';
import { type Reply, runInTerminal } from '../support/terminal.ts';
import { runProcess } from '../support/run-process.ts';
import { runTool, unwrapped } from '../support/tool.ts';

const nextApp = join(import.meta.dirname, '../clients/next-app');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jv-first-hour-'));
  await cp(nextApp, folder, { recursive: true, filter: (path) => !/node_modules|[/]\.(?:next|vercel)/.test(path) });
});
afterAll(async () => {
  await removeCloud(join(folder, '.jv-staging/local')).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

const init = (...args: readonly string[]) => runTool(['init', ...args], { cwd: folder });
const text = (name: string) => readFile(join(folder, name), 'utf8');
const created = [
  'staging.config.ts',
  '.env.staging',
  'seed/demo.json',
  '.vercel/project.json',
  'supabase/migrations/.gitkeep',
  'docs/STAGING.md',
];

describe('init in a Next.js app', () => {
  it('ends with 2 without a terminal, and names the flag', async () => {
    const ended = await init('--json');

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'INIT_ANSWERS_MISSING', fix: expect.stringContaining('--production-domain') },
    });
    expect(await readdir(folder)).not.toContain('staging.config.ts');
  });

  it('writes nothing in a dry run, and states every answer', async () => {
    const before = await readdir(folder);

    const ended = await init('--dry-run', '--yes', '--runbook');

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('app: Next.js, in this folder');
    expect(ended.stdout).toMatch(/--production-domain +www\.jv-staging-next-app\.example +\(a guess that stands for nothing real\)/);
    for (const name of created) expect(ended.stdout).toContain(`+ create    ${name}`);
    expect(await readdir(folder)).toEqual(before);
  });

  it('writes a configuration that loads and plans on the local target, secrets for their owner alone', async () => {
    const ended = await init('--yes', '--json', '--runbook', '--production-domain', 'www.acme.test');
    const planned = await runTool(['plan', '--target', 'local', '--json'], { cwd: folder });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout).data).toMatchObject({
      written: true,
      files: { create: created, update: ['.gitignore'], unchanged: [] },
      answers: expect.arrayContaining([{ name: 'domain', value: 'staging.acme.test', from: 'the domain of production' }]),
    });
    expect((await stat(join(folder, '.env.staging'))).mode & 0o777).toBe(0o600);
    expect(await text('.gitignore')).toContain('.jv-staging/');
    // Node says nothing of a package.json without a type either.
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(planned.stdout)).toMatchObject({ ok: true, data: { name: 'jv-staging-next-app-staging', target: 'local' } });
  });

  it('has the doctor say where each credential is found, and that the local target needs none', async () => {
    const ended = await runTool(['doctor', '--json'], { cwd: folder });

    expect(ended.code).toBe(3);
    const { error, data } = JSON.parse(ended.stdout);
    expect(data.findings).toContainEqual(
      expect.objectContaining({ title: 'VERCEL_TOKEN', fix: 'Set VERCEL_TOKEN (Vercel: account settings, Tokens).' }),
    );
    expect(error.fix).toContain('With `--target local` no credential is needed.');
  });

  it('has the doctor say whether the program of its build is there, and what brings it', async () => {
    const bin = join(folder, 'node_modules/.bin');
    const doctor = async () => {
      const ended = await runTool(['doctor', '--target', 'local', '--json'], { cwd: folder, env: { PATH: '/usr/bin:/bin:/usr/sbin' } });
      return JSON.parse(ended.stdout).data.findings.find(({ id }: { readonly id: string }) => id === 'build');
    };

    const before = await doctor();
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'vercel'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const after = await doctor();
    await rm(join(folder, 'node_modules'), { recursive: true });

    expect(before).toMatchObject({ title: 'Build: vercel', verdict: 'red', fix: expect.stringContaining('npm install --save-dev vercel') });
    expect(after).toMatchObject({ verdict: 'green', seen: expect.stringContaining('node_modules/.bin/vercel') });
  });

  it('changes nothing the second time', async () => {
    const ended = await init('--yes', '--json', '--runbook', '--production-domain', 'www.acme.test');

    expect(JSON.parse(ended.stdout).data.files).toMatchObject({ create: [], update: [] });
  });

  it('asks for nothing that the configuration says already, and can leave it as it is', async () => {
    const mine = await text('staging.config.ts');

    const again = await init('--json');
    const health = await init('--health', '--keep', '--json');

    expect(JSON.parse(again.stdout).data).toMatchObject({
      answers: expect.arrayContaining([{ name: 'productionDomain', value: 'www.acme.test', from: 'staging.config.ts' }]),
      files: { create: [], update: [] },
    });
    expect(JSON.parse(health.stdout).data.files).toMatchObject({ create: ['app/api/health/route.js'], update: [] });
    expect(await text('staging.config.ts')).toBe(mine);
    await rm(join(folder, 'app/api/health'), { recursive: true });
  });

  it('shows a diff and overwrites only when it is told to; the lines of secrets are kept and never shown', async () => {
    await writeFile(join(folder, '.env.staging'), 'VERCEL_TOKEN=canary-of-mine');
    const mine = await text('staging.config.ts');

    const refused = await init('--yes', '--domain', 'other.acme.test', '--production-domain', 'www.acme.test');
    const kept = await text('staging.config.ts');
    const forced = await init('--yes', '--force', '--domain', 'other.acme.test', '--production-domain', 'www.acme.test');

    expect(refused.code).toBe(2);
    expect(refused.stdout).toContain("-  domain: 'staging.acme.test',");
    expect(refused.stdout).toContain("+  domain: 'other.acme.test',");
    expect(unwrapped(refused.stderr)).toContain('staging.config.ts differs from what would be written');
    expect(unwrapped(refused.stderr)).toContain(
      '`jv-staging init --yes --domain other.acme.test --production-domain www.acme.test --force`',
    );
    expect(refused.stderr).toContain('FILES_DIFFER');
    expect(refused.stdout + refused.stderr + forced.stdout).not.toContain('canary-of-mine');
    expect(kept).toBe(mine);
    expect(forced).toMatchObject({ code: 0, stderr: '' });
    expect(await text('staging.config.ts')).toContain('other.acme.test');
    expect(await text('.env.staging')).toMatch(/^VERCEL_TOKEN=canary-of-mine\n/);
  });
});

describe('init in a terminal', () => {
  let own = '';
  beforeAll(async () => {
    own = await mkdtemp(join(tmpdir(), 'jv-terminal-'));
    await writeFile(join(own, 'package.json'), '{"name":"acme-shop","dependencies":{"next":"16.4.6"}}');
  });
  afterAll(() => rm(own, { recursive: true, force: true }));
  const configuration = () => readFile(join(own, 'staging.config.ts'), 'utf8');
  const replies: readonly Reply[] = [
    { question: /^Domain of production/, answer: 'no domain' },
    { question: /^Domain of production.*a host name such as/, answer: 'www.acme.test' },
    { question: /^Domain of staging/, answer: '' },
    { question: /^Branch/, answer: 'trunk' },
    { question: /^Region/, answer: 'fra1' },
  ];

  it('asks what the repository does not say, once more where an answer cannot be, and writes the answers', async () => {
    const shown = await runInTerminal(['init'], own, replies);

    expect(shown).toMatchObject({ code: 0 });
    // The name stands in package.json.
    expect(shown.asked).toEqual([
      expect.stringMatching(/^Domain of production, which is never touched \[www\.acme-shop\.example\]:$/),
      expect.stringMatching(/^Domain of production.*\(a host name such as www\.example\.com\)/),
      'Domain of staging [staging.acme.test]:',
      'Branch that is staged [develop]:',
      expect.stringMatching(/^Region of Vercel/),
    ]);
    expect(await configuration()).toMatch(/domain: 'staging\.acme\.test',\n +branch: 'trunk',/);
    expect(await configuration()).toContain("region: 'fra1'");
  });

  it.each([
    ['no', 2],
    ['yes', 0],
  ])('shows the diff before it overwrites, and a %s is taken at its word', async (answer, code) => {
    const before = await configuration();
    const other = ['init', '--production-domain', 'www.acme.test', '--domain', 'other.acme.test', '--branch', 'trunk', '--region', 'fra1'];

    const shown = await runInTerminal(other, own, [{ question: /^Overwrite staging\.config\.ts/, answer }]);

    expect(shown).toMatchObject({ code, asked: ['Overwrite staging.config.ts? (yes/no)'] });
    const [diff = ''] = shown.screen.split('Overwrite');
    expect(diff).toContain("-  domain: 'staging.acme.test',");
    expect(diff).toContain("+  domain: 'other.acme.test',");
    expect((await configuration()) === before).toBe(answer === 'no');
  });

  it('ends with 2 and writes nothing when the person leaves', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'jv-empty-'));

    const shown = await runInTerminal(['init'], elsewhere, []);

    expect(shown.code).toBe(2);
    expect(shown.screen).toContain('INIT_ANSWERS_MISSING');
    expect(await readdir(elsewhere)).toEqual([]);
    await rm(elsewhere, { recursive: true });
  });
});

describe('init --compat', () => {
  const shells = ['scripts/test-staging-deployment.sh', 'scripts/smoke-test-staging.sh'] as const;
  const integration = '__tests__/staging/integration.test.ts';
  const calls = () => text('calls.txt').then((said) => said.trim().split('\n'));
  /** Runs a program in the folder, where the tool is one that notes its words and ends with `exit`. */
  const withStandIn = (exit: number, program: string, ...args: readonly string[]) =>
    runProcess(program, args, { cwd: folder, env: { ...process.env, STAND_IN_EXIT: String(exit), npm_config_loglevel: 'silent' } });

  it('writes scripts of the original names, and adds to package.json without touching the rest', async () => {
    const before = await text('package.json');

    const ended = await init('--compat', '--json');
    const emitted = await runTool(['load', '--emit', 'k6'], { cwd: folder });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout).data.files).toEqual({
      create: [...shells, 'scripts/load-test-staging.k6.js', 'scripts/seed-staging-data.ts', integration],
      update: ['package.json'],
      unchanged: [],
    });
    expect(await text('scripts/load-test-staging.k6.js')).toBe(emitted.stdout);
    expect(emitted.stdout).toContain("'staging-load-test-results.json'");
    const added = (await text('package.json')).split('\n').filter((line) => !before.split('\n').includes(line));
    expect(added).toEqual([
      '    "build": "next build",',
      '    "seed:staging": "jv-staging seed",',
      '    "lighthouse:staging": "jv-staging perf"',
    ]);
    expect(JSON.parse((await init('--compat', '--json')).stdout).data.files).toMatchObject({ create: [], update: [] });
  });

  it('passes on words and exit code in each of them', async () => {
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    const tool = join(folder, 'node_modules/.bin/jv-staging');
    await writeFile(tool, '#!/bin/sh\necho "$@" >> calls.txt\nexit "$STAND_IN_EXIT"\n');
    await chmod(tool, 0o755);

    const ended = [
      await withStandIn(9, join(folder, shells[0]), '--json'),
      await withStandIn(6, join(folder, shells[1])),
      await withStandIn(5, process.execPath, 'scripts/seed-staging-data.ts', '--profile', 'volume'),
      await withStandIn(4, 'npm', 'run', 'seed:staging'),
      await withStandIn(3, 'npm', 'run', 'lighthouse:staging'),
      await withStandIn(5, process.execPath, '--test', integration),
      await withStandIn(0, process.execPath, '--test', integration),
    ];

    expect(ended.map(({ code }) => code)).toEqual([9, 6, 5, 4, 3, 1, 0]);
    expect(ended[5]?.stdout).toContain('jv-staging smoke ended with 5.');
    expect(await calls()).toEqual([
      'smoke --only home --only redis --json',
      'smoke',
      'seed --profile volume',
      'seed',
      'perf',
      'smoke',
      'smoke',
    ]);
  });

  it('writes shell scripts that bash and shellcheck find nothing wrong in', async () => {
    for (const script of shells) {
      expect(await runProcess('bash', ['-n', script], { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
      const shellcheck = findComponent('shellcheck');
      if (shellcheck !== undefined) expect(await runProcess(shellcheck, [script], { cwd: folder })).toMatchObject({ code: 0, stdout: '' });
    }
  });

  it('needs a configuration: 2, and the way to one', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'jv-empty-'));

    const ended = await runTool(['init', '--compat', '--json'], { cwd: elsewhere });

    await rm(elsewhere, { recursive: true });
    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'CONFIG_NOT_FOUND', fix: expect.stringContaining('jv-staging init') },
    });
  });
});
