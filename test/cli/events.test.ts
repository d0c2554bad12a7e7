import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startSmallApp } from '../support/small-app.ts';
import { runTool } from '../support/tool.ts';

let app: LoopbackServer;
let cwd = '';

beforeAll(async () => {
  app = await startSmallApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'jv-events-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const smoke = (...args: readonly string[]) => runTool(['smoke', '--url', app.url, ...args], { cwd });
const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line): { readonly type?: string; readonly ok?: boolean; readonly path?: readonly string[] } => JSON.parse(line));

describe('--events', () => {
  it('writes every event to a file of ours alone, one object a line, and leaves the result as it is', async () => {
    await writeFile(join(cwd, 'events.jsonl'), 'of a run before\n');

    const ended = await smoke('--events', 'events.jsonl', '--json');

    const events = parse(await readFile(join(cwd, 'events.jsonl'), 'utf8'));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(parse(ended.stdout)).toMatchObject([{ ok: true, command: 'smoke' }]);
    expect(events.length).toBeGreaterThan(6);
    expect(events[0]).toMatchObject({ type: 'step-started', at: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(events.at(-1)).toMatchObject({ type: 'step-finished', path: ['verdict'], outcome: 'done' });
    expect(events.filter(({ type }) => type === 'step-started')).toHaveLength(events.filter(({ type }) => type === 'step-finished').length);
  });

  it('writes them to stdout with -, before the one object of --json', async () => {
    const ended = await smoke('--events', '-', '--json');

    const lines = parse(ended.stdout);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(lines.length).toBeGreaterThan(7);
    expect(lines.at(-1)).toMatchObject({ ok: true, command: 'smoke' });
    expect(lines.slice(0, -1).every(({ type }) => type?.startsWith('step-'))).toBe(true);
  });

  it.each([
    ['stdout, where a text for people stands', ['--events', '-'], 2, 'EVENTS_STDOUT_NEEDS_JSON'],
    ['a folder that is not there', ['--events', 'nowhere/events.jsonl', '--json'], 3, 'EVENTS_NOT_WRITABLE'],
    ['a symbolic link', ['--events', 'link', '--json'], 2, 'EVENTS_FILE_IS_LINK'],
  ])('refuses %s before anything is asked', async (_what, args, code, name) => {
    await writeFile(join(cwd, 'kept'), 'kept');
    await symlink('kept', join(cwd, 'link'));

    const ended = await smoke(...args);

    expect(ended.code).toBe(code);
    expect(ended.stdout + ended.stderr).toContain(name);
    expect(await readFile(join(cwd, 'kept'), 'utf8')).toBe('kept');
    await expect(stat(join(cwd, 'nowhere'))).rejects.toThrow(/ENOENT/);
  });
});
