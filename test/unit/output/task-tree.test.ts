import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import type { RunEvent } from '../../../src/core/events.ts';
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
    tmux('new-session', '-d', '-x', '80', '-y', '24', `${process.execPath} ${demo} 400 > ${out}; sleep 60`);
    const screens: string[] = [];
    for (let shot = 0; shot < 400 && !screens.at(-1)?.includes('↓ load not reached'); shot += 1) {
      screens.push(tmux('capture-pane', '-p').trimEnd());
      await new Promise((resolve) => setTimeout(resolve, 25));
    }

    const last = screens.at(-1) ?? '';
    expect(screens.length).toBeGreaterThan(10);
    for (const screen of screens) {
      expect(screen).not.toContain('canary-secret');
      expect(screen.split('\n').length).toBeLessThanOrEqual(22);
    }
    expect(screens.join('\n')).toContain(String.raw`polling \x1b[2J*** second line`);
    expect(screens.join('\n')).toMatch(/… \d+ rows above/);
    expect(last).toContain('✖ deploy · DEPLOY_BUILD_FAILED (1.2 s)');
    expect(last).toContain('  ↩ project undone');
    expect(last).toContain('⊘ smoke interrupted');
    expect(last).toContain('↓ load not reached');
    await expect.poll(() => readFileSync(out, 'utf8')).toBe('THE RESULT\n');
  }, 30_000);
});
