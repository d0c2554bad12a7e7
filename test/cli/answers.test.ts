import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerProblems, answerSchemaFiles } from '../support/answer-schemas.ts';
import { commands } from '../support/command-line.ts';
import type { LoopbackServer } from '../support/loopback-server.ts';
import { sampleReport } from '../support/sample-report.ts';
import { startSmallApp } from '../support/small-app.ts';
import { inEmptyFolder, runTool } from '../support/tool.ts';

const ids = Object.keys(commands);
const config = join(import.meta.dirname, '../../fixtures/staging.config.ts');
let app: LoopbackServer;

beforeAll(async () => {
  app = await startSmallApp();
});
afterAll(() => app.close());

describe('the schemas of what --json prints', () => {
  it('are one for each command, and none besides', () => {
    expect(ids.length).toBeGreaterThan(40);
    expect(answerSchemaFiles).toEqual(ids.map((id) => `${id.replaceAll(':', '-')}.schema.json`).toSorted());
  });

  it('refuse a field that is missing, one of another type, one that no schema names, and an answer of another command', () => {
    const good = { ok: true, command: 'completion', data: { shell: 'bash', script: 'complete' } };
    const failed = { ok: false, command: 'report', error: { code: 'REPORT_NOT_FOUND', message: 'There is none.', fix: null } };

    expect(answerProblems(good)).toEqual([]);
    expect(answerProblems(failed)).toEqual([]);
    for (const bad of [
      { ...good, data: { shell: 'bash' } },
      { ...good, data: { ...good.data, script: 5 } },
      { ...good, data: { ...good.data, more: 1 } },
      { ...good, ok: false },
      { ...failed, error: { code: 'REPORT_NOT_FOUND', message: 'There is none.' } },
      { ...failed, error: { ...failed.error, code: 'not a code' } },
    ])
      expect(answerProblems(bad), JSON.stringify(bad)).not.toEqual([]);
  });

  it.each(ids)('take a failure of %s', async (id) => {
    const ended = await inEmptyFolder((cwd) => runTool([...id.split(':'), '--no-such-flag', '--json'], { cwd }));

    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(answerProblems(JSON.parse(ended.stdout))).toEqual([]);
  });

  it.each([
    ['completion', 'bash'],
    ['local', 'status'],
    ['local', 'stop'],
    ['doctor'],
    ['smoke', '--url', 'ALIVE'],
    ['load', '--url', 'ALIVE', '--engine', 'embedded', '--duration', '1s', '--vus', '1'],
    ['load', '--url', 'ALIVE', '--emit', 'k6'],
    ['report', '--config', config],
    ['init', '--dry-run', '--yes'],
  ])('take an answer of %s %s', async (...words) => {
    const ended = await inEmptyFolder(async (cwd) => {
      await mkdir(join(cwd, 'reports/run_0a'), { recursive: true });
      await writeFile(join(cwd, 'reports/run_0a/report.json'), JSON.stringify(sampleReport()));
      const env = { JV_STATE_DIR: cwd };
      return runTool([...words.map((word) => word.replace('ALIVE', app.url)), '--json'], { cwd, env });
    });

    const answer: unknown = JSON.parse(ended.stdout);
    expect(answer).toHaveProperty('data');
    expect(answerProblems(answer)).toEqual([]);
  });
});
