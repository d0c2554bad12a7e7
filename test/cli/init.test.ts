import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeCloud } from '../support/local-cloud.ts';
import { runTool } from '../support/tool.ts';

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
const created = ['staging.config.ts', '.env.staging', 'seed/demo.json', 'supabase/migrations/.gitkeep', 'docs/STAGING-RUNBOOK.md'];

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

  it('changes nothing the second time', async () => {
    const ended = await init('--yes', '--json', '--runbook', '--production-domain', 'www.acme.test');

    expect(JSON.parse(ended.stdout).data.files).toMatchObject({ create: [], update: [] });
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
    expect(refused.stderr).toContain('FILES_DIFFER');
    expect(refused.stdout + refused.stderr + forced.stdout).not.toContain('canary-of-mine');
    expect(kept).toBe(mine);
    expect(forced).toMatchObject({ code: 0, stderr: '' });
    expect(await text('staging.config.ts')).toContain('other.acme.test');
    expect(await text('.env.staging')).toMatch(/^VERCEL_TOKEN=canary-of-mine\n/);
  });
});
