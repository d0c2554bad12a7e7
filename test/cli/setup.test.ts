import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findComponent, requires } from '../support/requires.ts';
import { runProcess } from '../support/run-process.ts';

const setup = join(import.meta.dirname, '../../bin/setup.js');

describe('set-up', () => {
  it('has nothing to do the second time', async () => {
    await runProcess(process.execPath, [setup, '--for', 'test']);

    const second = await runProcess(process.execPath, [setup, '--for', 'test']);

    expect(second).toMatchObject({ code: 0, stdout: '' });
    expect(second.stderr).not.toMatch(/installing|Built/);
    // 0.15 s here; the bound only says that nothing was installed.
    expect(second.durationMs).toBeLessThan(5_000);
  });

  requires('vercel-cli', 'supabase-cli')(
    'brings the vendors’ own clients for the tests, in the versions of their package file',
    async () => {
      const vercel = await runProcess(findComponent('vercel-cli') ?? '', ['--version']);
      const supabase = await runProcess(findComponent('supabase-cli') ?? '', ['--version']);

      expect(`${vercel.stdout}${supabase.stdout}`).toBe('64.0.2\n3.1.0\n');
    },
  );

  it('runs the command with our Node and our programs first, whatever PATH and HOME are', async () => {
    const home = await mkdtemp(join(tmpdir(), 'jv-home-'));
    const code = 'console.log(process.version, process.env.PATH.includes("node_modules/.bin"))';

    const ended = await runProcess(process.execPath, [setup, '--', 'node', '-e', code], { env: { PATH: '/usr/bin:/bin', HOME: home } });

    expect(ended).toMatchObject({ code: 0, stdout: `${process.version} true\n` });
    await rm(home, { recursive: true });
  });

  requires('old-node', 'node24')('runs the command on Node 24 where the machine has an older one', async () => {
    const ended = await runProcess(findComponent('old-node') ?? '', [setup, '--', 'node', '-p', 'process.version']);

    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^v24\./);
  });

  it('hands the exit code and the arguments on as they are', async () => {
    const code = 'console.log(JSON.stringify(process.argv.slice(1))); process.exit(7)';

    const ended = await runProcess(process.execPath, [setup, '--', 'node', '-e', code, 'a b', '--for', 'x', '--']);

    expect(ended).toMatchObject({ code: 7, stdout: '["a b","--for","x","--"]\n' });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('passes %s on, and ends as the command ends', async (signal) => {
    const code = `process.on('${signal}', () => process.exit(9)); console.log('up'); setInterval(() => {}, 1000)`;

    const ended = await runProcess(process.execPath, [setup, '--', 'node', '-e', code], { onOutput: (_text, kill) => kill(signal) });

    expect(ended.code).toBe(9);
  });

  it('ends with 128 and the signal when the command is killed', async () => {
    const ended = await runProcess(process.execPath, [
      setup,
      '--',
      'node',
      '-e',
      'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)',
    ]);

    expect(ended.code).toBe(137);
  });

  it('says that a command does not exist', async () => {
    const ended = await runProcess(process.execPath, [setup, '--', 'jv-no-such-program']);

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('jv-no-such-program cannot be run');
  });

  it.each([[['--frob']], [['--for']], [['--for', 'fun']], [['--for', 'test', 'more']]])('refuses %j with its usage', async (options) => {
    const ended = await runProcess(process.execPath, [setup, ...options]);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('usage: node bin/setup.js [--for start|test|ci] [-- command args…]');
  });

  it('answers a Node that is too old for npm in two lines', async () => {
    const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })";
    const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, setup];

    const ended = await runProcess(process.execPath, args);

    expect(ended.code).toBe(3);
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(ended.stderr).toContain('needs Node 20 or newer');
  });
});
