import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, runProcess } from '../support/run-process.ts';

const root = join(import.meta.dirname, '../..');

/** Accepts connections and never answers. */
const silent = createServer((socket) => socket.on('error', () => socket.destroy()).resume());

beforeEach(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterEach(async () => {
  silent.close();
  await once(silent, 'close');
});

describe('an interrupted command', () => {
  it('ends with 130 and says how to go on', async () => {
    const ended = await interrupt({});

    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('RUN_INTERRUPTED');
  });

  it('tidies up although one Ctrl-C comes from the terminal and from two launchers', async () => {
    const ended = await signalled(3, 5);

    expect(ended).toMatchObject({ code: 130, stdout: 'up\ntidied\n' });
  });

  it('ends at once when Ctrl-C is pressed again', async () => {
    const ended = await signalled(2, 600, 2_000);

    expect(ended).toMatchObject({ code: 130, stdout: 'up\n' });
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('ends with 143 when it is terminated (%s: a terminal that is closed, too)', async (signal) => {
    const ended = await interrupt({ signal });

    expect(ended.code).toBe(143);
  });

  it('is interrupted through set-up as it is directly', async () => {
    const ended = await interrupt({ launcher: ['bin/setup.js', '--', 'node'] });

    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('RUN_INTERRUPTED');
  });
});

async function interrupt(how: {
  readonly signal?: NodeJS.Signals;
  readonly launcher?: readonly string[];
}): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const args = [...(how.launcher ?? []), 'bin/run.js', 'smoke', '--url', `http://127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close');
  await once(silent, 'connection');
  child.kill(how.signal ?? 'SIGINT');
  const [code]: readonly unknown[] = await ended;
  return { code: typeof code === 'number' ? code : null, stderr };
}

/** Signals a command that needs `tidyMs` to tidy up, several times. */
async function signalled(times: number, everyMs: number, tidyMs = 400): Promise<Ended> {
  let sent = 0;
  const program = join(root, 'test/support/slow-to-end.ts');
  return runProcess(process.execPath, [program, String(tidyMs)], {
    onOutput: (_text, kill) => {
      for (; sent < times; sent += 1) setTimeout(() => kill('SIGINT'), sent * everyMs);
    },
  });
}
