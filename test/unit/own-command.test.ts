import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownCommand } from '../../src/adapters/system/own-command.ts';

let base: string;
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'jv-own-')));
});
afterEach(() => rm(base, { recursive: true, force: true }));

/** Lays the tool into a folder, as npm would. */
async function installed(folder: string): Promise<string> {
  const toolRoot = join(base, folder);
  await mkdir(join(toolRoot, 'bin'), { recursive: true });
  await writeFile(join(toolRoot, 'bin/run.js'), '');
  return toolRoot;
}

async function linked(folder: string, toolRoot: string): Promise<string> {
  await mkdir(join(base, folder), { recursive: true });
  await symlink(join(toolRoot, 'bin/run.js'), join(base, folder, 'jv-staging'));
  return join(base, folder);
}

describe('the command that calls this tool', () => {
  it('is its name where PATH leads to it, whatever prefix it was installed with', async () => {
    const toolRoot = await installed('prefix/lib/node_modules/jv-staging');
    const bin = await linked('prefix/bin', toolRoot);

    expect(ownCommand({ cwd: join(base, 'app'), toolRoot, path: ['/usr/bin', bin] })).toBe('jv-staging');
  });

  it('is npx for one of the app’s own packages, and not where PATH leads to another', async () => {
    const toolRoot = await installed('app/node_modules/jv-staging');
    const bin = await linked('app/node_modules/.bin', toolRoot);
    const other = await linked('other/bin', await installed('other/lib/node_modules/jv-staging'));

    expect(ownCommand({ cwd: join(base, 'app/web'), toolRoot, path: [bin, other] })).toBe('npx jv-staging');
  });

  it('is the file itself where neither would find it: a clone, or a prefix that is not on PATH', async () => {
    const clone = await installed('clone');
    const unlisted = await installed('prefix/lib/node_modules/jv-staging');

    expect(ownCommand({ cwd: clone, toolRoot: clone, path: [] })).toBe('node bin/run.js');
    expect(ownCommand({ cwd: join(base, 'app'), toolRoot: unlisted, path: [] })).toBe(`node ${join(unlisted, 'bin/run.js')}`);
  });
});
