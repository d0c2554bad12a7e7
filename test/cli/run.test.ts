import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findComponent, requires } from '../support/requires.ts';
import { runProcess } from '../support/run-process.ts';

const root = join(import.meta.dirname, '../..');
const bin = join(root, 'bin/run.js');

describe('the command line', () => {
  it.each(['--version', '-v'])('tells its version with %s', async (flag) => {
    const ended = await runProcess(process.execPath, [bin, flag]);

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toBe(`jv-staging/0.1.0 ${process.platform}-${process.arch} node-${process.version}\n`);
  });

  it.each([[[]], [['--help']], [['-h']], [['help']]])('shows every command with %j', async (args) => {
    const manifest: { readonly commands: Readonly<Record<string, unknown>> } = JSON.parse(
      await readFile(join(root, 'oclif.manifest.json'), 'utf8'),
    );

    const ended = await runProcess(process.execPath, [bin, ...args]);

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const id of Object.keys(manifest.commands)) expect(ended.stdout).toContain(`\n  ${id.replaceAll(':', ' ')} `);
    expect(ended.stdout).toContain('EXIT CODES');
  });

  it('survives a reader that stops early', async () => {
    const ended = await runProcess('/bin/sh', ['-c', `"${process.execPath}" "${bin}" --help | head -1`]);

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.split('\n')).toHaveLength(2);
  });

  it('ends with its own exit code when nobody reads what it prints', async () => {
    const ended = await runProcess('/bin/bash', [
      '-c',
      `set -o pipefail; "${process.execPath}" "${bin}" smoke --url http://127.0.0.1:9 2>&1 | true`,
    ]);

    expect(ended.code).toBe(5);
  });

  it.each(['--help', '--version', 'smoke --url http://127.0.0.1:9 --json', 'doctor'])(
    'says that what %s prints was lost on a full disk, in a sentence',
    async (args) => {
      const ended = await runProcess('/bin/sh', ['-c', `"${process.execPath}" "${bin}" ${args} >/dev/full`]);

      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toContain('The result could not be written to stdout: ENOSPC');
      expect(ended.stderr).toContain('code: OUTPUT_NOT_WRITABLE');
      expect(ended.stderr).not.toMatch(/^\s+at /m);
    },
  );

  it('refuses an unknown command with 2', async () => {
    const ended = await runProcess(process.execPath, [bin, 'smkoe', '--url', 'http://127.0.0.1:1']);

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toBe(
      '✖ jv-staging has no command `smkoe`.\n  fix: Did you mean `jv-staging smoke`? Run it, or `jv-staging --help` to see\n       the commands.\n  code: COMMAND_UNKNOWN (exit code 2)\n',
    );
  });

  it('refuses an unknown command as one JSON object with --json', async () => {
    const ended = await runProcess(process.execPath, [bin, 'smkoe', '--json']);

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, command: 'smkoe', error: { code: 'COMMAND_UNKNOWN' } });
  });

  it('refuses a flag without a command with 2', async () => {
    const ended = await runProcess(process.execPath, [bin, '--frob']);

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('no flag --frob');
  });

  it('names the flag that was probably meant, and ends with 2', async () => {
    const ended = await runProcess(process.execPath, [bin, 'smoke', '--ulr', 'http://127.0.0.1:1']);

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('Nonexistent flag: --ulr');
    expect(ended.stderr.replaceAll(/\s+/g, ' ')).toContain('Write `--url`, or run the command with `--help`');
  });

  it('names the command that was probably meant', async () => {
    const ended = await runProcess(process.execPath, [bin, 'local', 'strat']);

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('Did you mean `jv-staging local start`?');
  });

  it.each(['/proc', '/proc/no-such-folder', '/dev/null', '/dev/null/no-such-folder'])(
    'starts where no cache can be written: %s',
    async (cache) => {
      const ended = await runProcess(process.execPath, [bin, '--help'], { env: { ...process.env, XDG_CACHE_HOME: cache } });

      expect(ended).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('says that it is not built, in one line', async () => {
    const copy = await copyOfBin();

    const ended = await runProcess(process.execPath, [join(copy, 'bin/run.js'), 'up']);

    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toMatch(/^jv-staging is not built .*: run `node bin\/setup.js` in .*\.\n$/);
    await rm(copy, { recursive: true });
  });
});

const onOldNode = requires('old-node');
const withNode24 = requires('old-node', 'node24');

describe('the command line on an older Node', () => {
  withNode24('runs itself again on Node 24', async () => {
    const ended = await runProcess(findComponent('old-node') ?? '', [bin, '--version']);

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/ node-v24\./);
  });

  withNode24('hands the exit code on', async () => {
    const ended = await runProcess(findComponent('old-node') ?? '', [bin, 'smkoe']);

    expect(ended.code).toBe(2);
  });

  onOldNode('says in one line what it needs where there is no Node 24', async () => {
    const copy = await copyOfBin();

    const ended = await runProcess(findComponent('old-node') ?? '', [join(copy, 'bin/run.js'), '--version']);

    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toMatch(/^jv-staging needs Node 22\.19 or newer and this is v\d+.*\n$/);
    await rm(copy, { recursive: true });
  });
});

/** The launcher in a folder of its own, without Node 24 and without a build. */
async function copyOfBin(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'jv-bin-'));
  await mkdir(join(folder, 'bin'));
  for (const file of ['package.json', 'bin/package.json', 'bin/run.js', 'bin/node24.js', 'bin/forward.js'])
    await cp(join(root, file), join(folder, file));
  return folder;
}
