import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoopbackServer, startLoopbackServer } from '../support/loopback-server.ts';
import { sampleReport } from '../support/sample-report.ts';
import { wrongAnswers } from '../support/small-app.ts';
import { inEmptyFolder, runTool } from '../support/tool.ts';

const config = join(import.meta.dirname, '../../fixtures/staging.config.ts');

/** Runs `report` in a state folder that holds these runs. */
async function report(runs: Readonly<Record<string, unknown>>, args: readonly string[]) {
  return inEmptyFolder(async (folder) => {
    for (const [runId, content] of Object.entries(runs)) {
      await mkdir(join(folder, 'reports', runId), { recursive: true });
      await writeFile(join(folder, 'reports', runId, 'report.json'), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return runTool(['report', ...args, '--config', config, '--target', 'local'], { cwd: folder, env: { JV_STATE_DIR: folder } });
  });
}

describe('report', () => {
  const older = { ...sampleReport(), runId: 'run_0a', environment: 'older' };
  const newer = { ...sampleReport(), runId: 'run_0b', environment: 'newer' };

  it.each([
    ['text', /^✔ newer green\n {2}run +run_0b/],
    ['json', /^\{"runId":"run_0b"/],
    ['junit', /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="jv-staging up newer"/],
    ['md', /^## ✔ newer is green\n/],
    ['html', /^<!doctype html>[^]*<svg /],
  ])('renders the newest run again as %s', async (format, beginning) => {
    const ended = await report({ run_0a: older, run_0b: newer }, ['--format', format]);

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(beginning);
  });

  it('renders the run that is named, as data too', async () => {
    const ended = await report({ run_0a: older, run_0b: newer }, ['run_0a', '--json']);

    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: true, command: 'report', data: { runId: 'run_0a', environment: 'older' } });
  });

  it.each([
    ['a run that left none', { run_0a: older }, 'run_0c', 2, 'REPORT_NOT_FOUND'],
    ['a path instead of a run', { run_0a: older }, '../reports/run_0a', 2, 'REPORT_NOT_FOUND'],
    ['no run at all', {}, undefined, 2, 'REPORT_NOT_FOUND'],
    ['a report that was cut off', { run_0a: '{"runId":' }, 'run_0a', 3, 'STATE_DAMAGED'],
    ['a report of another shape', { run_0a: { runId: 'run_0a' } }, 'run_0a', 3, 'STATE_DAMAGED'],
  ])('refuses %s', async (_what, runs, runId, code, problem) => {
    const ended = await report(runs, runId === undefined ? ['--json'] : [runId, '--json']);

    expect(ended).toMatchObject({ code, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, error: { code: problem, fix: expect.stringMatching(/./) } });
  });
});

describe('a gate alone', () => {
  let app: LoopbackServer;

  beforeAll(async () => {
    app = await startLoopbackServer(wrongAnswers['HTML for JSON']);
  });
  afterAll(() => app.close());

  it('leaves its report in the folder that is named, and tells GitHub Actions what is not green', async () => {
    const { ended, files, summary, outputs } = await inEmptyFolder(async (cwd) => {
      const [stepSummary, output] = [join(cwd, 'summary.md'), join(cwd, 'output')];
      await writeFile(output, 'other=1\n');
      const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: stepSummary, GITHUB_OUTPUT: output, GITHUB_WORKSPACE: cwd };
      const run = await runTool(['smoke', '--url', app.url, '--report', 'out'], { cwd, env });
      return {
        ended: run,
        files: await readdir(join(cwd, 'out')),
        summary: await readFile(stepSummary, 'utf8'),
        outputs: await readFile(output, 'utf8'),
      };
    });

    expect(ended.code).toBe(5);
    expect(files.toSorted()).toEqual(['junit.xml', 'report.html', 'report.json', 'report.md']);
    const lines = ended.stderr.split('\n');
    expect(lines[0]).toBe('::group::jv-staging smoke');
    expect(lines).toContain('::endgroup::');
    expect(lines.filter((line) => line.startsWith('::error '))).toHaveLength(1);
    expect(summary).toMatch(/^## ✖ 127\.0\.0\.1:\d+ is red\n/);
    expect(outputs).toBe(`other=1\nurl=${app.url}\nrelease=\nverdict=red\n`);
  });

  it('leaves one of a target that does not answer too', async () => {
    const { ended, report: written } = await inEmptyFolder(async (cwd) => {
      const run = await runTool(['load', '--url', 'http://127.0.0.1:9', '--engine', 'embedded', '--report', 'out', '--json'], { cwd });
      return { ended: run, report: JSON.parse(await readFile(join(cwd, 'out/report.json'), 'utf8')) };
    });

    expect(ended).toMatchObject({ code: 5, stderr: '' });
    expect(written).toMatchObject({
      command: 'load',
      verdict: 'red',
      stages: [{ stage: 'load', findings: [{ id: 'load-target-unreachable' }] }],
    });
  });
});
