import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startSmallApp } from '../support/small-app.ts';
import { inEmptyFolder, runTool } from '../support/tool.ts';

let app: LoopbackServer;
let dead = '';

beforeAll(async () => {
  app = await startSmallApp();
  dead = `http://127.0.0.1:${await freePort()}`;
});
afterAll(() => app.close());

/** What each command comes to in an empty folder; without a code it succeeds. `DEAD` and `ALIVE` are addresses. */
const cases: readonly (readonly [args: string, exitCode: number, code: string | undefined])[] = [
  ['local status', 0, undefined],
  ['smoke --url ALIVE', 0, undefined],
  ['local env', 3, 'LOCAL_NOT_RUNNING'],
  ['status', 2, 'CONFIG_NOT_FOUND'],
  ['smoke --url DEAD', 5, 'SMOKE_RED'],
  ['perf --url DEAD', 5, 'PERF_TARGET_UNREACHABLE'],
  ['perf --url ALIVE --baseline nowhere.json', 2, 'REPORT_NOT_FOUND'],
  ['load --url DEAD', 5, 'LOAD_TARGET_UNREACHABLE'],
  ['load --url not-an-address', 2, 'URL_INVALID'],
];

describe('--json', () => {
  it.each(cases)('prints one object on stdout and nothing on stderr: %s ends with %d', async (words, exitCode, code) => {
    const args = words.replace('DEAD', dead).replace('ALIVE', app.url).split(' ');

    const ended = await inEmptyFolder((cwd) => runTool([...args, '--json'], { cwd }));

    expect(ended).toMatchObject({ code: exitCode, stderr: '' });
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(1);
    const command = words.startsWith('local') ? words : (args[0] ?? '');
    const answer: unknown = JSON.parse(ended.stdout);
    expect(answer).toMatchObject({ ok: code === undefined, command });
    if (code === undefined) expect(answer).toHaveProperty('data');
    else expect(answer).toMatchObject({ error: { code, message: expect.stringMatching(/\.$/), fix: expect.any(String) } });
  });

  it('shows the doctor’s findings as one object, whatever this machine lacks', async () => {
    const ended = await inEmptyFolder((cwd) => runTool(['doctor', '--json'], { cwd }));

    expect(ended.stderr).toBe('');
    const answer = JSON.parse(ended.stdout);
    expect(answer).toMatchObject({ ok: ended.code === 0, command: 'doctor' });
    expect(answer.data.findings.map((finding: { readonly id: string }) => finding.id)).toEqual(
      expect.arrayContaining(['node', 'postgres', 'pgbouncer', 'postgres-client', 'redis-server', 'chrome', 'k6', 'git']),
    );
  });

  it('is alone on stdout and stderr in a shell of developers too', async () => {
    const env = { NODE_ENV: 'development' };

    const ended = await inEmptyFolder((cwd) => runTool(['smoke', '--ulr', dead, '--json'], { cwd, env }));

    expect(ended).toMatchObject({ code: 2, stderr: '' });
  });
});
