import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { type Ended, runProcess } from '../support/run-process.ts';
import { startSmallApp } from '../support/small-app.ts';
import { runTool } from '../support/tool.ts';

const bin = join(import.meta.dirname, '../../bin/run.js');
let app: LoopbackServer;
let dir: string;

beforeAll(async () => {
  app = await startSmallApp();
});
afterAll(() => app.close());
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jv-around-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The variables of a bare CI job. */
const bare = { PATH: process.env['PATH'] ?? '' };

/** Commands that need no environment, and how each ends here. */
const cases = [
  ['--help', 0],
  ['smoke --url APP --json', 0],
  ['plan --json', 2],
  ['init --yes --dry-run', 0],
  ['destroy --url nowhere', 2],
] as const;

/** What may differ from run to run: identities, times, folders. */
function steady(text: string): string {
  return text
    .replaceAll(/run_[0-9a-z]{16,}/g, 'run')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replaceAll(/"(\w*[mM]s|seen|startedAt|endedAt)":(?:"[^"]*"|[\d.]+)/g, '"$1":0')
    .replaceAll(/\d+(?:\.\d+)? m?s/g, 'duration');
}

describe.each(cases)('%s (fault 53)', (words, code) => {
  const args = () => words.replace('APP', app.url).split(' ');
  const run = (env: NodeJS.ProcessEnv, shell = '"$@"') =>
    runProcess('/bin/sh', ['-c', shell, 'sh', process.execPath, bin, ...args()], { cwd: dir, env });

  let usual: Ended;
  beforeAll(async () => {
    usual = await run({ ...bare, HOME: dir });
  });

  it.each([
    ['HOME unset', {}],
    ['HOME that is not there', { HOME: '/nowhere/home' }],
    ['HOME that cannot be written', { HOME: '/proc' }],
    ['TERM=dumb', { TERM: 'dumb' }],
    ['LANG=C', { LANG: 'C', LC_ALL: 'C' }],
    ['a terminal without width', { COLUMNS: '0' }],
    ['CI=true', { CI: 'true' }],
  ])('ends in the same way, asks nothing and says the same with %s', async (_what, env) => {
    const ended = await run({ ...bare, ...env });

    expect(usual.code).toBe(code);
    expect(ended.code, ended.stderr).toBe(code);
    expect(steady(ended.stdout)).toBe(steady(usual.stdout));
    expect(ended.stdout + ended.stderr).not.toContain('\u001B');
  });

  it('ends in the same way with stdin closed, and with nobody to read stderr', async () => {
    const closed = await run({ ...bare, HOME: dir }, '"$@" <&- 2>&-');

    expect(closed.code).toBe(code);
    expect(steady(closed.stdout)).toBe(steady(usual.stdout));
  });
});

describe('the folder of a report (fault 62)', () => {
  const smoke = (path: string) => runTool(['smoke', '--url', app.url, '--report', path, '--json'], { cwd: dir });

  it('is made where it is asked for, outside the working folder too', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'jv-outside-'));
    try {
      const ended = await smoke(join(elsewhere, 'new/reports'));

      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(await readdir(join(elsewhere, 'new/reports'), { recursive: true })).toContainEqual(expect.stringContaining('report.html'));
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it.each([
    ['a file', 'file', 'file is no folder'],
    ['below a file', 'file/reports', 'file is no folder'],
    ['a folder of the kernel', '/proc/reports', '/proc/reports cannot be written (ENOENT)'],
  ])('that is %s is refused in words, and nothing is written over', async (_what, path, named) => {
    await writeFile(join(dir, 'file'), 'kept');

    const ended = await smoke(path);

    expect(ended).toMatchObject({ code: expect.toSatisfy((code: number) => code === 2 || code === 3), stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining(named), fix: expect.stringContaining('--report') },
    });
    expect(await readFile(join(dir, 'file'), 'utf8')).toBe('kept');
  });

  it('writes no file through a link that somebody laid there', async () => {
    await mkdir(join(dir, 'reports'));
    await writeFile(join(dir, 'victim'), 'kept');
    const laid = await smoke('reports');
    const names = (await readdir(join(dir, 'reports'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    for (const { parentPath, name } of names) {
      await rm(join(parentPath, name));
      await symlink(join(dir, 'victim'), join(parentPath, name));
    }

    const ended = await smoke('reports');

    expect(laid.code).toBe(0);
    expect([0, 2, 3, 6]).toContain(ended.code);
    expect(names.length).toBeGreaterThan(1);
    expect(await readFile(join(dir, 'victim'), 'utf8')).toBe('kept');
  });
});
