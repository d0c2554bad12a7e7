import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import type { RunEvent } from '../../../src/core/run/events.ts';
import { createTreeDrawer, type DrawMode } from '../../../src/output/task-tree.ts';
import { capturedSink } from '../../support/captured-sink.ts';

const at = '2026-11-22T20:00:00.000Z';
const demo = fileURLToPath(new URL('../../support/tree-demo.ts', import.meta.url));

const run: readonly RunEvent[] = [
  { type: 'step-started', path: ['provision'], title: 'Provision', at },
  { type: 'step-started', path: ['provision', 'db'], title: 'Create the project', at },
  { type: 'step-note', path: ['provision', 'db'], text: 'polling', at },
  {
    type: 'step-finished',
    path: ['provision', 'db'],
    title: 'Create the project',
    outcome: 'done',
    detail: 'canary-secret\n\u001B[2Jcreated',
    durationMs: 1234,
    at,
  },
  { type: 'step-started', path: ['provision', 'domain'], title: 'Add the domain', at },
  {
    type: 'step-finished',
    path: ['provision', 'domain'],
    title: 'Add the domain',
    outcome: 'skipped',
    detail: 'local target',
    durationMs: 0,
    at,
  },
  { type: 'step-finished', path: ['provision'], title: 'Provision', outcome: 'failed', detail: 'SUPABASE_DOWN', durationMs: 65_000, at },
];

function drawn(mode: DrawMode, verbose = false): { readonly stdout: string; readonly stderr: string } {
  const captured = capturedSink(['canary-secret']);
  const drawer = createTreeDrawer({ mode, sink: captured.sink, terminal: process.stderr, isTty: false, color: 0, verbose });
  for (const event of run) drawer.events(event);
  return { stdout: captured.stdout(), stderr: captured.stderr() };
}

describe('without a terminal', () => {
  it('prints one line a finished step with its outcome, detail and duration, on stderr only', () => {
    expect(drawn('auto')).toEqual({
      stdout: '',
      stderr: [
        String.raw`✔ Provision › Create the project: done, *** \x1b[2Jcreated (1.2 s)`,
        '↓ Provision › Add the domain: skipped, local target (0 ms)',
        '✖ Provision: failed, SUPABASE_DOWN (1 m 05 s)',
        '',
      ].join('\n'),
    });
  });

  it('also says what starts and what is noted with verbose', () => {
    expect(drawn('lines', true).stderr.split('\n').slice(0, 3)).toEqual([
      '… Provision',
      '… Provision › Create the project',
      '› Provision › Create the project: polling',
    ]);
  });

  it('prints what a terminal would show in place as a line each ten seconds, and no row of it', () => {
    const captured = capturedSink();
    const drawer = createTreeDrawer({ mode: 'lines', sink: captured.sink, terminal: process.stderr, isTty: false, color: 0 });
    for (let second = 0; second < 25; second += 1) {
      const noted = { text: `${second} s`, panel: ['users 3'], at: new Date(Date.parse(at) + second * 1000).toISOString() };
      drawer.events({ type: 'step-note', path: ['load'], ...noted });
    }

    expect(captured.stderr()).toBe('› load: 0 s\n› load: 10 s\n› load: 20 s\n');
  });

  it('prints any other note once ten seconds were silent: the heartbeat of a wait, the rows of a long seed', () => {
    const captured = capturedSink();
    const drawer = createTreeDrawer({ mode: 'lines', sink: captured.sink, terminal: process.stderr, isTty: false, color: 0 });
    const later = (second: number) => new Date(Date.parse(at) + second * 1000).toISOString();
    drawer.events({ type: 'step-started', path: ['wait'], title: 'Wait', at });
    for (const second of [1, 9, 15, 16, 30]) {
      drawer.events({ type: 'step-note', path: ['wait'], text: `queued, for ${second} s by now`, at: later(second) });
    }
    drawer.events({ type: 'step-started', path: ['next'], title: 'Next', at: later(39) });
    drawer.events({ type: 'step-note', path: ['next'], text: 'too soon', at: later(41) });

    expect(captured.stderr()).toBe('› Wait: queued, for 15 s by now\n› Wait: queued, for 30 s by now\n');
  });

  it('prints nothing in mode none', () => {
    expect(drawn('none')).toEqual({ stdout: '', stderr: '' });
  });
});

const hasTmux = spawnSync('tmux', ['-V']).status === 0;

describe.skipIf(!hasTmux)('on a real terminal (tmux)', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'jv-tree-'));
  const session = ['-S', path.join(folder, 'tmux')];
  const tmux = (...args: readonly string[]) => execFileSync('tmux', [...session, '-f', '/dev/null', ...args], { encoding: 'utf8' });

  afterEach(() => {
    spawnSync('tmux', [...session, 'kill-server']);
    rmSync(folder, { recursive: true, force: true });
  });

  it('draws a tree of at most 20 rows, one row a step, and leaves the outcome and the result behind', async () => {
    const out = path.join(folder, 'stdout');
    const screen = () => tmux('capture-pane', '-p').trimEnd();
    const shows = async (text: string | RegExp) => {
      await expect.poll(screen, { timeout: 20_000 }).toMatch(text);
      expect(screen().split('\n').length).toBeLessThanOrEqual(20);
      expect(screen()).not.toContain('canary-secret');
    };
    const goOn = () => tmux('send-keys', 'x');

    tmux('new-session', '-d', '-x', '80', '-y', '24', `${process.execPath} ${demo} > ${out}; sleep 60`);
    await shows(/❯ provision\n {2}\S project · polling \\x1b\[2J\*\*\* second line\n· deploy\n· smoke\n· load$/);
    goOn();
    await shows(/^ {2}… \d+ rows above\n[^]*part-40\n· smoke\n· load$/);
    goOn();
    await shows(/= provision · nothing to do \(1\.2 s\)\n❯ deploy 39 done\n {2}✖ part-7 · DEPLOY_BUILD_FAILED[^]*· load$/);
    goOn();
    await shows(/\n\S smoke · 3 s\n {2}users {2}3 of 50 ▁▂█\n {2}\*\*\*-{50,}…\n/);
    goOn();

    await expect.poll(() => readFileSync(out, 'utf8'), { timeout: 20_000 }).toBe('THE RESULT\n');
    expect(
      screen()
        .split('\n')
        .map((row) => row.trimEnd()),
    ).toEqual([
      '= provision · nothing to do (1.2 s)',
      '  ↩ project undone',
      '  ↓ domain skipped: local target',
      '✖ deploy · DEPLOY_BUILD_FAILED (1.2 s)',
      '  ✖ part-7 · DEPLOY_BUILD_FAILED (1.2 s)',
      ...[36, 37, 38, 39, 40].map((part) => `  ✔ part-${part} (1.2 s)`),
      '⊘ smoke interrupted',
      '↓ load not reached',
      '✔ checks (1.2 s)',
      '  ? home · 86, expected > 85 (1.2 s)',
      '  ✖ queue · waiting, expected completed (1.2 s)',
    ]);
  }, 120_000);
});
