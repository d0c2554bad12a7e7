import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

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
  it.each([
    ['once', 1, 0],
    ['as a terminal and two launchers do it: three times at once', 3, 10],
  ])('ends with 130 and says how to go on when it is signalled %s', async (_how, times, everyMs) => {
    const ended = await interrupt({ times, everyMs });

    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('RUN_INTERRUPTED');
  });

  it('ends with 143 when it is terminated', async () => {
    const ended = await interrupt({ times: 1, everyMs: 0, signal: 'SIGTERM' });

    expect(ended.code).toBe(143);
  });

  it('is interrupted through set-up as it is directly', async () => {
    const ended = await interrupt({ times: 1, everyMs: 0, launcher: ['bin/setup.js', '--', 'node'] });

    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('RUN_INTERRUPTED');
  });
});

async function interrupt(how: {
  readonly times: number;
  readonly everyMs: number;
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
  for (let count = 0; count < how.times; count += 1) {
    child.kill(how.signal ?? 'SIGINT');
    await sleep(how.everyMs);
  }
  const [code]: readonly unknown[] = await ended;
  return { code: typeof code === 'number' ? code : null, stderr };
}
