import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { usedActions } from '../../src/core/ci/steps.ts';
import { findComponent, requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

const it = requires('git');
const linted = requires('git', 'actionlint');
const workflow = '.github/workflows/deploy-staging.yml';
let project: StagingProject;
let home = '';
let env: Readonly<Record<string, string>>;

/** The actions' repositories as git on this machine reaches them: folders that stand for github.com. */
beforeAll(async () => {
  project = await createStagingProject();
  home = await mkdtemp(join(tmpdir(), 'jv-home-'));
  env = { HOME: home, JV_PACKAGE: './jv-staging.tgz' };
  await writeFile(join(project.dir, 'jv-staging.tgz'), '');
  await writeFile(join(home, '.npmrc'), 'registry=http://127.0.0.1:9\nfetch-retries=0\n');
  await writeFile(join(home, '.gitconfig'), `[url "file://${home}/"]\n  insteadOf = https://github.com/\n`);
  for (const [name, major] of Object.entries(usedActions)) await actionRepository(join(home, name), major);
});
afterAll(async () => {
  await project.remove();
  await rm(home, { recursive: true, force: true });
});

async function actionRepository(dir: string, major: number) {
  await mkdir(dir, { recursive: true });
  const git = (...args: readonly string[]) => execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], { cwd: dir });
  await git('init', '--quiet');
  for (const release of [`v${major}.0.0`, `v${major}.1.0`, `v${major + 1}.0.0`]) {
    await git('commit', '--quiet', '--allow-empty', `--message=${release}`);
    await git('tag', '--annotate', `--message=${release}`, release);
  }
}

const newest = async (name: string) => (await execa('git', ['rev-list', '-1', 'v4.1.0'], { cwd: join(home, name) })).stdout;
const written = () => readFile(join(project.dir, workflow), 'utf8');

describe('ci init', () => {
  it('writes nothing where an action’s commit cannot be asked for', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'jv-home-'));
    await writeFile(join(empty, '.gitconfig'), `[url "file://${empty}/"]\n  insteadOf = https://github.com/\n`);

    const ended = await project.run(['ci', 'init', '--json'], { env: { ...env, HOME: empty } });

    await rm(empty, { recursive: true });
    expect(ended.exitCode, ended.stdout).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'CI_ACTIONS_UNKNOWN' } });
    expect(await readdir(project.dir)).not.toContain('.github');
  });

  it.each([
    ['a package that no registry has', 'jv-staging@0.0.0-nowhere', /cannot be resolved: .*(?:npm|ECONNREFUSED)/],
    ['a file that is not there', './nowhere.tgz', /there is no such file/],
    ['a file that no CI job finds', '/tmp/jv-staging.tgz', /outside of the repository/],
    ['a branch of git, which moves', 'github:acme/jv-staging#main', /40 digits of a commit/],
  ])('writes nothing for %s', async (_what, spec, reason) => {
    const ended = await project.run(['ci', 'init', '--package', spec, '--json'], { env });

    expect(ended.exitCode, ended.stdout).toBe(3);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'CI_PACKAGE_UNKNOWN', message: expect.stringMatching(reason) } });
    expect(await readdir(project.dir)).not.toContain('.github');
  });

  it('shows what it would write, and writes it: pinned, with the release beside, and the secrets named', async () => {
    const shown = await project.run(['ci', 'init', '--dry-run'], { env });
    const before = await readdir(project.dir);
    const ended = await project.run(['ci', 'init', '--json'], { env });

    const text = await written();
    expect(shown.exitCode, shown.stderr).toBe(0);
    expect(shown.stdout).toContain(`+ create    ${workflow}`);
    expect(shown.stdout).toContain('gh secret set VERCEL_TOKEN');
    expect(before).not.toContain('.github');
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: true,
      data: {
        files: { create: [workflow] },
        written: true,
        secrets: expect.arrayContaining(['JV_STATE_KEY', 'UPSTASH_EMAIL', 'VERCEL_ORG_ID']),
      },
    });
    expect(text).toContain('npx --yes --package ./jv-staging.tgz jv-staging provision');
    for (const name of Object.keys(usedActions)) expect(text).toContain(`uses: ${name}@${await newest(name)} # v4.1.0`);
    expect(Object.keys(parse(text).jobs)).toEqual(['build', 'deploy', 'preview', 'preview-down', 'nightly', 'gate']);
  });

  linted('writes what actionlint finds nothing wrong in, and it would', async () => {
    const lint = async (file: string) => execa(findComponent('actionlint') ?? '', [file], { cwd: project.dir, reject: false });
    await writeFile(join(project.dir, 'broken.yml'), (await written()).replace('needs: build', 'needs: nothing'));

    const clean = await lint(workflow);
    const broken = await lint('broken.yml');

    await rm(join(project.dir, 'broken.yml'));
    expect(clean.stdout).toBe('');
    expect(clean.exitCode).toBe(0);
    expect(broken.stdout).toContain('nothing');
    expect(broken.exitCode).toBe(1);
  });

  it('leaves alone what is as it would be written', async () => {
    const ended = await project.run(['ci', 'init', '--json'], { env });

    expect(JSON.parse(ended.stdout)).toMatchObject({ data: { files: { create: [], update: [], unchanged: [workflow] } } });
  });

  it('shows a diff and overwrites only with a yes', async () => {
    const mine = `${await written()}# mine\n`;
    await writeFile(join(project.dir, workflow), mine);

    const refused = await project.run(['ci', 'init'], { env: { ...env, JV_YES: '' } });
    const kept = await written();
    const agreed = await project.run(['ci', 'init', '--yes'], { env });

    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toContain('-# mine');
    expect(refused.stderr).toContain('FILES_DIFFER');
    expect(kept).toBe(mine);
    expect(agreed.exitCode).toBe(0);
    expect(await written()).not.toContain('# mine');
  });
});
