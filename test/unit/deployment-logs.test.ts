import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogBounds } from '../../src/local/runtime/logs.ts';
import { openLogs } from '../../src/local/runtime/logs.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jv-logs-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const said = (text: string) => ({ source: 'runtime', stream: 'stdout', text }) as const;
const built = (text: string) => ({ source: 'build', stream: 'stdout', text }) as const;
const open = (bounds?: LogBounds) =>
  openLogs(
    dir,
    (error) => {
      throw error;
    },
    bounds,
  );
const texts = (logs: ReturnType<typeof openLogs>, id = 'dpl_1') => logs.lines(id).map(({ text }) => text);

describe('the logs of deployments', () => {
  it('are there for whoever opens them next, once they were returned', () => {
    const logs = open();
    logs.add('dpl_1', built('building'));
    logs.add('dpl_1', said('one'));
    logs.add('dpl_2', said('of another'));
    expect(texts(logs)).toEqual(['building', 'one']);

    const later = open();
    later.add('dpl_1', said('two'));
    expect(later.lines('dpl_1').map(({ serial, text }) => [serial, text])).toEqual([
      [0, 'building'],
      [1, 'one'],
      [2, 'two'],
    ]);
    expect(statSync(join(dir, 'dpl_1.runtime.ndjson')).mode & 0o777).toBe(0o600);
  });

  it('are bounded in lines, in their length and on disk, the newest kept; a chatty function pushes no build line out', () => {
    const bounds = { linesPerSource: 50, lineLength: 20, fileBytes: 2_000 };
    const logs = open(bounds);
    logs.add('dpl_1', built('the build'));
    for (let count = 0; count < 1_000; count++) {
      logs.add('dpl_1', said(`line ${count} ${'x'.repeat(100)}`));
      logs.flush();
    }
    for (const opened of [logs, open(bounds)]) {
      const lines = texts(opened);
      expect(lines).toContain('the build');
      expect(lines.at(-1)).toBe('line 999 xxxxxxxxxxx');
      expect(lines.length).toBeLessThanOrEqual(51);
      expect(lines.length).toBeGreaterThan(15);
    }
    const bytes = readdirSync(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
    expect(bytes).toBeLessThan(5_000);
  });

  it('go on after a line that a killed writer left half', () => {
    open().flush();
    appendFileSync(
      join(dir, 'dpl_1.runtime.ndjson'),
      '{"serial":0,"atMs":1,"source":"runtime","stream":"stdout","text":"whole"}\n{"serial":1,"at',
    );
    const logs = open();
    logs.add('dpl_1', said('next'));
    expect(texts(logs)).toEqual(['whole', 'next']);
    expect(texts(open())).toEqual(['whole', 'next']);
  });

  it('stay in memory where they cannot be written, and say so', () => {
    const failures: unknown[] = [];
    const logs = openLogs(join(dir, 'gone'), (error) => failures.push(error));
    rmSync(join(dir, 'gone'), { recursive: true });
    logs.add('dpl_1', said('kept'));
    expect(texts(logs)).toEqual(['kept']);
    expect(failures).toMatchObject([{ code: 'ENOENT' }]);
  });

  it('are written without being asked for, and removed when forgotten', async () => {
    const logs = open();
    logs.add('dpl_1', said('soon'));
    await new Promise((resolve) => {
      setImmediate(() => setImmediate(resolve));
    });
    expect(readFileSync(join(dir, 'dpl_1.runtime.ndjson'), 'utf8')).toContain('"soon"');
    logs.add('dpl_1', said('never'));
    logs.forget('dpl_1');
    expect(texts(logs)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });
});
