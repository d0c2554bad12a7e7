import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { startSmallApp } from '../support/small-app.ts';
import { inEmptyFolder, runTool, unwrapped } from '../support/tool.ts';

const nowhere = '/nowhere/no-such-program';
let app: LoopbackServer;

beforeAll(async () => {
  app = await startSmallApp();
});
afterAll(() => app.close());

describe('a program that is missing', () => {
  it('ends perf with 3 and the command that brings Chrome', async () => {
    const ended = await inEmptyFolder((cwd) => runTool(['perf', '--url', app.url], { cwd, env: { CHROME_PATH: nowhere } }));

    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(unwrapped(ended.stderr)).toMatch(
      /\/nowhere\/no-such-program is not a program that can be run\. fix: .*(chrom|CHROME_PATH).*CHROME_NOT_FOUND/i,
    );
  });

  it('makes the doctor red, which says what mends it', async () => {
    const ended = await inEmptyFolder((cwd) => runTool(['doctor', '--json'], { cwd, env: { CHROME_PATH: nowhere } }));

    expect(ended).toMatchObject({ code: 3, stderr: '' });
    const { error, data } = JSON.parse(ended.stdout);
    expect(error).toMatchObject({ code: 'DOCTOR_MISSING', message: expect.stringContaining(nowhere) });
    expect(data.findings).toContainEqual(
      expect.objectContaining({
        id: 'chrome',
        verdict: 'red',
        seen: `${nowhere} cannot be run`,
        fix: expect.stringContaining('CHROME_PATH'),
      }),
    );
  });

  it.each([
    ['Redis', 'JV_REDIS_SERVER', 'LOCAL_REDIS_MISSING', 'redis-server'],
    ['Postgres', 'JV_POSTGRES_BIN', 'LOCAL_POSTGRES_MISSING', 'npm install'],
  ])('ends local start with 3 and the command that brings %s', async (_what, variable, code, mends) => {
    await inEmptyFolder(async (cwd) => {
      const env = { JV_STATE_DIR: join(cwd, 'state'), [variable]: nowhere };

      const ended = await runTool(['local', 'start', '--json'], { cwd, env });

      expect(ended).toMatchObject({ code: 3, stderr: '' });
      expect(JSON.parse(ended.stdout)).toMatchObject({
        ok: false,
        error: { code, message: expect.stringContaining(nowhere), fix: expect.stringContaining(mends) },
      });
      const status = await runTool(['local', 'status', '--json'], { cwd, env });
      expect(JSON.parse(status.stdout)).toMatchObject({ data: { running: false } });
    });
  });

  it('ends load with 3 and the command that brings k6, when k6 was asked for', async () => {
    const ended = await inEmptyFolder((cwd) => runTool(['load', '--url', app.url, '--engine', 'k6'], { cwd, env: { JV_K6: nowhere } }));

    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(unwrapped(ended.stderr)).toContain('fix: Run `jv-staging doctor --install k6`, or pass `--engine embedded`. code: K6_NOT_FOUND');
  });

  it('leaves load to the embedded engine otherwise, and the result says so', async () => {
    const ended = await inEmptyFolder(async (home) => {
      await mkdir(join(home, 'bin'));
      await symlink(process.execPath, join(home, 'bin/node'));
      const env = { HOME: home, PATH: join(home, 'bin'), XDG_CACHE_HOME: join(home, 'cache') };
      return runTool(['load', '--url', app.url, '--vus', '5', '--duration', '1s', '--json'], { cwd: home, env });
    });

    // On a busy machine the engine may find itself too late for a verdict (9): that is not what is asked here.
    expect([0, 9], ended.stdout).toContain(ended.code);
    expect(ended.stderr).toBe('');
    expect(JSON.parse(ended.stdout)).toMatchObject({
      data: { summary: expect.stringContaining('embedded engine'), details: { measurement: { engine: 'embedded' } } },
    });
  });
});
