import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { appSource } from '../../src/adapters/source/app-source.ts';
import { gitCheckoutSource } from '../../src/adapters/source/git-checkout.ts';
import { fakeAppSource } from '../fakes/records.ts';

const { signal } = new AbortController();
const environment = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8' };
let base: string;
let dir: string;
let output: string;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'jv-source-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  dir = join(base, String(count), 'app');
  output = join(dir, '.vercel/output');
  await mkdir(dir, { recursive: true });
});

const source = () => appSource({ dir, output, migrations: join(dir, 'migrations'), environment });
const git = (...words: string[]) => execFileSync('git', words, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const commit = async () => {
  git('init', '-q', '-b', 'develop');
  await writeFile(join(dir, 'a.txt'), 'a');
  git('add', '-A');
  git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'first');
  return git('rev-parse', 'HEAD');
};
const buildOutput = async (page = 'x') => {
  await mkdir(join(output, 'static'), { recursive: true });
  await writeFile(join(output, 'config.json'), '{"version":3}');
  await writeFile(join(output, 'static/index.html'), page);
};
/** Returns the state letters of a process, empty when it is gone; `Z` waits for its parent to notice that it has ended. */
const stateOf = (pid: string) => {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).trim().charAt(0);
  } catch {
    return '';
  }
};
const script = (text: string) => ['node', '-e', text];

describe('the state of the source', () => {
  test('the fake gives a commit, as git does', async () => {
    const sha = await commit();

    await expect(fakeAppSource().state(signal)).resolves.toMatchObject({
      sha: expect.stringMatching(/^[0-9a-f]{40}$/),
      dirty: false,
      branch: 'develop',
    });
    await expect(source().state(signal)).resolves.toEqual({ sha, dirty: false, branch: 'develop' });
  });

  test.each(['changed', 'new'])('a %s file makes it dirty', async (kind) => {
    await commit();
    await writeFile(join(dir, kind === 'new' ? 'b.txt' : 'a.txt'), 'b');

    await expect(source().state(signal)).resolves.toMatchObject({ dirty: true });
  });

  test('an ignored file does not', async () => {
    await writeFile(join(dir, '.gitignore'), '.vercel/\n');
    await commit();
    await buildOutput();

    await expect(source().state(signal)).resolves.toMatchObject({ dirty: false });
  });

  test('a commit without a branch has none', async () => {
    const sha = await commit();
    git('checkout', '-q', '--detach');

    await expect(source().state(signal)).resolves.toEqual({ sha, dirty: false, branch: null });
  });

  test('without a repository, or without a commit, it is a hash of the build output, and dirty', async () => {
    await buildOutput();
    const bare = await source().state(signal);
    git('init', '-q');
    const uncommitted = await source().state(signal);
    await buildOutput('y');

    expect(bare).toEqual({ sha: expect.stringMatching(/^[0-9a-f]{40}$/), dirty: true, branch: null });
    expect(uncommitted).toEqual(bare);
    expect((await source().state(signal)).sha).not.toBe(bare.sha);
  });

  test('without a repository and without a build there is nothing to say', async () => {
    await expect(source().state(signal)).rejects.toMatchObject({ kind: 'missing', code: 'DEPLOY_OUTPUT_MISSING' });
  });

  test('a repository that git cannot read is said, not taken for none', async () => {
    await buildOutput();
    await writeFile(join(dir, '.git'), 'gitdir: /nonexistent');

    await expect(source().state(signal)).rejects.toMatchObject({ kind: 'missing', code: 'GIT_FAILED' });
  });
});

describe('the build', () => {
  const writes = `const fs=require('fs');fs.mkdirSync('.vercel/output',{recursive:true});fs.writeFileSync('.vercel/output/config.json','{"version":3}');`;
  const build = (command: readonly string[], lines: string[] = [], from = signal) =>
    source().build({ command, variables: {} }, (line) => lines.push(line), from);

  test('it runs in the app’s folder and gives its lines as they come, from both streams, printable', async () => {
    const lines: string[] = [];

    await build(script(`${writes}console.log('one');console.error('\\u001b[31mtwo\\u001b[2K');console.log(process.cwd())`), lines);

    expect(lines.toSorted()).toEqual([dir, 'one', 'two\\u{1b}[2K'].toSorted());
  });

  test('it sees the environment that it was given, and no other', async () => {
    process.env['JV_CANARY'] = 'canary-value';
    const lines: string[] = [];

    await build(script(`${writes}console.log(Object.keys(process.env).sort().join())`), lines);

    delete process.env['JV_CANARY'];
    expect(lines).toEqual(['HOME,LANG,PATH']);
  });

  test('it sees the variables that it was given beside, but for those that programs need to run', async () => {
    const lines: string[] = [];
    const command = script(`${writes}console.log(JSON.stringify([process.env.GREETING, process.env.EMPTY, process.env.HOME]))`);

    const variables = { GREETING: 'welcome', EMPTY: '', HOME: '/elsewhere' };
    await source().build({ command, variables }, (line) => lines.push(line), signal);

    expect(lines).toEqual(['["welcome","","/nonexistent"]']);
  });

  test('the environment files beside the app are read, those that win first, and no others', async () => {
    await mkdir(join(dir, '.vercel'), { recursive: true });
    const written = { '.env': 'A=1\nB="two words"', '.env.local': 'C=3', '.env.development.local': 'D=4', '.env.staging': 'E=5' };
    for (const [name, text] of Object.entries(written)) await writeFile(join(dir, name), text);
    await writeFile(join(dir, '.vercel/.env.production.local'), 'F=6');

    await expect(source().environmentFiles(signal)).resolves.toEqual({
      local: [
        { name: '.vercel/.env.production.local', values: { F: '6' } },
        { name: '.env.local', values: { C: '3' } },
      ],
      shared: [{ name: '.env', values: { A: '1', B: 'two words' } }],
    });
  });

  test('a build that fails is red, with its last lines and its exit code', async () => {
    const failing = script(`for(let i=0;i<50;i++)console.log('line '+i);process.exitCode=3`);

    await expect(build(failing)).rejects.toMatchObject({
      kind: 'red',
      code: 'DEPLOY_BUILD_FAILED',
      message: expect.stringMatching(/exit code 3[\s\S]*line 40\n[\s\S]*line 49$/),
      data: expect.objectContaining({ ended: 3 }),
    });
  });

  test('a program of the app’s own packages is found before PATH, from a folder above too', async () => {
    const bin = join(dir, '../node_modules/.bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'vercel'), `#!/bin/sh\nmkdir -p .vercel/output && echo '{"version":3}' > .vercel/output/config.json\n`, {
      mode: 0o755,
    });

    await build(['vercel', 'build']);

    expect(await readFile(join(output, 'config.json'), 'utf8')).toContain('3');
  });

  test('a program that is not there is a precondition, with what brings it', async () => {
    await expect(build(['jv-no-such-program'])).rejects.toMatchObject({
      kind: 'missing',
      code: 'BUILD_PROGRAM_NOT_FOUND',
      message: expect.stringContaining('no program jv-no-such-program in'),
      fix: expect.stringContaining('app.build'),
    });
  });

  test.each([['a build that is killed', ['sh', '-c', 'kill -9 $$'], 'SIGKILL']])('%s is red and said', async (_name, command, words) => {
    await expect(build(command)).rejects.toMatchObject({
      kind: 'red',
      code: 'DEPLOY_BUILD_FAILED',
      message: expect.stringContaining(words),
    });
  });

  test.each([
    ['nothing', script('')],
    ['another version', script(`${writes}fs.writeFileSync('.vercel/output/config.json','{"version":2}')`)],
    ['half a file', script(`${writes}fs.writeFileSync('.vercel/output/config.json','{"vers')`)],
  ])('a build that succeeds but writes %s is DEPLOY_OUTPUT_MISSING', async (_name, command) => {
    await expect(build(command)).rejects.toMatchObject({ kind: 'missing', code: 'DEPLOY_OUTPUT_MISSING' });
  });

  test('words are not given to a shell', async () => {
    await expect(build(['echo', 'x;', 'touch', join(dir, 'made')])).rejects.toMatchObject({ code: 'DEPLOY_OUTPUT_MISSING' });
    expect(existsSync(join(dir, 'made'))).toBe(false);
  });

  test('an interruption ends the build with all that it started', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped by the user');
    const lines: string[] = [];
    const nested = `require('child_process').spawn('sleep',['60'],{stdio:'inherit'}).on('spawn',function(){console.log(this.pid)});setInterval(()=>0,1000)`;
    const running = build(script(nested), lines, controller.signal);
    const ended = running.catch((error: unknown) => error);
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));

    const startedAt = performance.now();
    controller.abort(reason);
    expect(await ended).toBe(reason);

    expect(performance.now() - startedAt).toBeLessThan(2500);
    await expect.poll(() => stateOf(lines[0] ?? '')).toMatch(/^Z?$/);
  });

  test('a command without words is wrong usage', async () => {
    await expect(build([])).rejects.toMatchObject({ kind: 'usage', code: 'BUILD_COMMAND_EMPTY' });
  });
});

describe('a git reference', () => {
  const checkout = (reference: string) =>
    gitCheckoutSource({
      dir,
      output,
      migrations: join(dir, 'migrations'),
      environment,
      reference,
      checkouts: join(base, String(count), '.jv-staging/checkouts'),
    });

  test('it is checked out beside the tree, built there, and removed again; the tree stays as it is', async () => {
    git('init', '--quiet', '--initial-branch=main');
    await writeFile(join(dir, 'page.txt'), 'first');
    const sha = await commit();
    git('branch', 'release');
    await writeFile(join(dir, 'page.txt'), 'second');
    await commit();
    await writeFile(join(dir, 'page.txt'), 'edited');
    const released = checkout('release');

    const place = await released.place(signal);
    const lines: string[] = [];
    const program = `const fs=require('fs');fs.mkdirSync('.vercel/output',{recursive:true});fs.writeFileSync('.vercel/output/config.json','{"version":3}');console.log(fs.readFileSync('page.txt','utf8'))`;
    await released.build({ command: [process.execPath, '-e', program], variables: {} }, (line) => lines.push(line), signal);

    expect(lines).toEqual(['first']);
    await expect(released.state(signal)).resolves.toEqual({ sha, dirty: false, branch: 'release' });
    await expect(released.outputHash(signal)).resolves.toMatch(/^[0-9a-f]{40}$/);
    expect(place.migrations).toBe(join(place.dir, 'migrations'));
    expect(existsSync(output)).toBe(false);
    await released.close();
    expect(existsSync(place.dir)).toBe(false);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  });

  test('it is built by the settings of the folder, which git does not keep, without the project that they are of', async () => {
    git('init', '--quiet', '--initial-branch=main');
    await writeFile(join(dir, '.gitignore'), '.vercel\n');
    await commit();
    await mkdir(join(dir, '.vercel'));
    const settings = { framework: 'nextjs', nodeVersion: '24.x' };
    await writeFile(join(dir, '.vercel/project.json'), JSON.stringify({ projectId: 'prj_production', orgId: 'team_1', settings }));

    const main = checkout('main');
    const place = await main.place(signal);
    const copied = JSON.parse(await readFile(join(place.dir, '.vercel/project.json'), 'utf8'));
    await main.close();

    expect(copied).toEqual({ settings });
  });

  test('one that is not there is named, also when it looks like a flag', async () => {
    git('init', '--quiet', '--initial-branch=main');
    await writeFile(join(dir, 'page.txt'), 'first');
    await commit();

    for (const reference of ['nowhere', '--help']) {
      await expect(checkout(reference).place(signal)).rejects.toMatchObject({
        kind: 'usage',
        code: 'GIT_REFERENCE_UNKNOWN',
        message: expect.stringContaining(reference),
      });
    }
  });

  test('what a run that was cut off left behind is no hindrance', async () => {
    git('init', '--quiet', '--initial-branch=main');
    await writeFile(join(dir, 'page.txt'), 'first');
    await commit();
    await checkout('main').place(signal);

    const again = checkout('main');

    await expect(again.place(signal)).resolves.toMatchObject({ dir: expect.stringContaining('checkouts') });
    await again.close();
  });
});
