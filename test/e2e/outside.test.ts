import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { delayedServer } from '../support/delayed-server.ts';
import { fakeProgram } from '../support/fake-program.ts';
import { type Answer, type LoopbackServer, startLoopbackServer } from '../support/loopback-server.ts';
import { findComponent, requires } from '../support/requires.ts';
import { answerWell, startSmallApp, wrongAnswers } from '../support/small-app.ts';
import { inEmptyFolder, runTool, unwrapped } from '../support/tool.ts';

/** A machine that is busy just then makes a measurement inconclusive (9), which says nothing of the app: measure again. */
const mayBeInconclusive = { retry: 2 } as const;

describe('an app that is known by its address alone', () => {
  let app: LoopbackServer;

  beforeAll(async () => {
    app = await startSmallApp();
  });
  afterAll(() => app.close());

  /** Runs in an empty folder and returns what was left there too. */
  const measure = (args: readonly string[]) =>
    inEmptyFolder(async (cwd) => {
      const ended = await runTool([...args, '--url', app.url, '--json'], { cwd });
      return { ...ended, left: await readdir(cwd) };
    });

  it('is smoked green, and the verdict says that it was seen from outside only', async () => {
    const ended = await measure(['smoke']);

    expect(ended).toMatchObject({ code: 0, stderr: '', left: [] });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: true,
      data: { verdict: 'green', summary: expect.stringContaining('outside only: 4 of 4'), details: { profile: 'outside', executed: 4 } },
    });
  });

  it('is loaded green by 50 virtual users', mayBeInconclusive, async () => {
    const ended = await measure(['load', '--vus', '50', '--duration', '3s']);

    expect(ended).toMatchObject({ code: 0, stderr: '', left: [] });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      ok: true,
      data: { verdict: 'green', details: { measurement: { vusMax: 50, all: { errors: 0 } } } },
    });
  });

  requires('chrome')('is measured green by Lighthouse', mayBeInconclusive, async () => {
    const ended = await measure(['perf', '--runs', '1', '--form-factor', 'desktop']);

    expect(ended).toMatchObject({ code: 0, stderr: '', left: [] });
    const { data } = JSON.parse(ended.stdout);
    expect(data).toMatchObject({ verdict: 'green', details: { pages: [{ path: '/', runs: [{ status: 200 }] }] } });
    expect(data.details.pages[0].runs[0].score).toBeGreaterThan(85);
  });
});

describe('a watch', () => {
  /** Watches until it has told of three looks, and interrupts it. */
  const watch = async (answer: Answer) => {
    const app = await startLoopbackServer(answer);
    let isStopped = false;
    try {
      return await inEmptyFolder(async (cwd) => {
        const ended = await runTool(
          ['smoke', '--watch', '--every', '1s', '--url', app.url, '--json', '--events', '-', '--report', 'kept'],
          {
            cwd,
            onOutput: (text, kill) => {
              if (isStopped || !/of 3 looks/.test(text)) return;
              isStopped = true;
              kill('SIGINT');
            },
          },
        );
        return { ...ended, report: JSON.parse(await readFile(join(cwd, 'kept/report.json'), 'utf8')) };
      });
    } finally {
      await app.close();
    }
  };

  it('ends with the verdict so far when it is interrupted: inconclusive, of a few good looks', async () => {
    const { code, stdout, report } = await watch(answerWell);

    expect(code, stdout).toBe(9);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'WATCH_INCONCLUSIVE' },
      data: { stage: 'watch', details: { availability: 1, outages: [] } },
    });
    expect(report.stages).toMatchObject([{ stage: 'watch', verdict: 'inconclusive' }]);
  });

  it('is red when no number of later looks could bring 99 %', async () => {
    const { code, report } = await watch(wrongAnswers['status 500']);

    expect(code).toBe(5);
    expect(report.stages).toMatchObject([
      { verdict: 'red', details: { availability: 0, outages: [{ checks: expect.arrayContaining(['home', 'health']) }] } },
    ]);
  });

  it('wants a second between looks, and a length of its own', async () => {
    const often = await inEmptyFolder((cwd) => runTool(['smoke', '--watch', '--every', '10ms', '--url', 'http://127.0.0.1:9'], { cwd }));
    const alone = await inEmptyFolder((cwd) => runTool(['smoke', '--for', '10m', '--url', 'http://127.0.0.1:9'], { cwd }));

    expect([often.code, alone.code]).toEqual([2, 2]);
    expect(unwrapped(often.stderr)).toContain('expected at least 1s between two looks');
  });
});

describe('smoke of an app that answers wrongly', () => {
  it.each([
    ['status 500', '/api/health answered with status 500, not 200.'],
    ['a login wall', 'A login wall (Vercel Deployment Protection) answered /api/health instead of the app'],
    ['another origin', '/api/health redirects to another address, https://other.example.com/'],
    ['an empty body', '/api/health answered with an empty body.'],
    ['HTML for JSON', '/api/health answers with HTML where JSON was expected.'],
  ] as const)('is red with 5 and a message of its own: %s', async (kind, message) => {
    const app = await startLoopbackServer(wrongAnswers[kind]);

    const ended = await inEmptyFolder((cwd) => runTool(['smoke', '--url', app.url, '--json'], { cwd }));

    await app.close();
    expect(ended).toMatchObject({ code: 5, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: { code: 'SMOKE_RED' },
      data: {
        verdict: 'red',
        findings: expect.arrayContaining([
          expect.objectContaining({ id: 'health', verdict: 'red', message: expect.stringContaining(message), fix: expect.any(String) }),
        ]),
      },
    });
  });
});

/** With one failure in 50 answers and some 150 requests: two or three are seen, and the request that looks whether it answers. */
describe('load of a server that takes 50 ms and fails in 2 % of its answers', () => {
  const measured = async (engine: 'embedded' | 'k6') => {
    const server = await delayedServer({ delayMs: 50, errorEvery: 50 });
    const env: Readonly<Record<string, string>> = engine === 'k6' ? { JV_K6: findComponent('k6') ?? '' } : {};
    const args = ['load', '--url', server.origin, '--engine', engine, '--vus', '50', '--duration', '4s', '--json'];
    const ended = await inEmptyFolder((cwd) => runTool(args, { cwd, env }));
    await server.close();
    expect(ended.stderr).toBe('');
    const { measurement } = JSON.parse(ended.stdout).data.details;
    expect(measurement).toMatchObject({ engine, all: { requests: expect.any(Number) } });
    return measurement.all;
  };

  it('reports both with the embedded engine', async () => {
    const all = await measured('embedded');

    expect(all.requests).toBeGreaterThanOrEqual(100);
    expect(all.p50Ms).toBeGreaterThanOrEqual(49);
    expect(all.errorRate).toBeGreaterThan(0.005);
    expect(all.errorRate).toBeLessThan(0.035);
  });

  requires('k6')('reports both with k6', async () => {
    const all = await measured('k6');

    expect(all.requests).toBeGreaterThanOrEqual(100);
    expect(all.p50Ms).toBeGreaterThanOrEqual(49);
    expect(all.errorRate).toBeGreaterThan(0.005);
    expect(all.errorRate).toBeLessThan(0.035);
  });
});

describe('a load that one machine is too small for', () => {
  const fakeKubectl = join(import.meta.dirname, '../support/kubernetes/fake-kubectl.ts');
  /** An address of this machine that is not loopback: what a cluster could reach. */
  const outerAddress = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

  it('is printed as the objects of a cluster, and sends nothing', async () => {
    const args = ['load', '--url', 'https://staging.example.test', '--emit', 'k8s', '--parallelism', '4'];
    const ended = await inEmptyFolder((cwd) => runTool(args, { cwd }));

    const [configMap, testRun] = parseAllDocuments(ended.stdout).map((document) => document.toJS());
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(configMap.data['script.js']).toContain("'https://staging.example.test'");
    expect(testRun).toMatchObject({ kind: 'TestRun', spec: { parallelism: 4 } });
  });

  it.each([
    [['--distribute', 'k8s'], 2, 'LOAD_DISTRIBUTE_UNFIT'],
    [['--distribute', 'grafana-cloud'], 2, 'LOAD_DISTRIBUTE_UNFIT'],
    [['--distribute', 'k8s', '--script', 'load.js'], 2, 'USAGE'],
  ])('is refused for this machine itself, and for a script that cannot be added up: %j', async (more, code, error) => {
    const ended = await inEmptyFolder((cwd) => runTool(['load', '--url', 'http://127.0.0.1:9', '--json', ...more], { cwd }));

    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, error: { code: expect.stringContaining(error) } });
  });

  (outerAddress === undefined ? it.skip : requires('k6'))(
    'is run by the cluster of kubectl, and judged like any other',
    mayBeInconclusive,
    async () => {
      const server = createServer((_request, response) => response.end('{}'));
      await new Promise<void>((resolve) => server.listen(0, outerAddress, resolve));
      const host = `${outerAddress}:${Object(server.address()).port}`;
      const ended = await inEmptyFolder(async (cwd) => {
        await fakeProgram(join(cwd, 'bin/kubectl'), `exec '${process.execPath}' '${fakeKubectl}' "$@"`);
        const env = {
          PATH: `${cwd}/bin:${process.env['PATH']}`,
          KUBE_FAKE_DIR: join(cwd, 'cluster'),
          KUBE_FAKE_K6: findComponent('k6') ?? 'k6',
        };
        const size = ['--vus', '4', '--duration', '2s', '--distribute', 'k8s', '--i-own-this-target', host];
        return runTool(['load', '--url', `http://${host}`, '--json', ...size], { cwd, env });
      });
      server.close();

      expect(ended).toMatchObject({ code: 0, stderr: '' });
      const { data } = JSON.parse(ended.stdout);
      expect(data).toMatchObject({ verdict: 'green', details: { measurement: { engine: 'k6', vusMax: 4, all: { errors: 0 } } } });
      expect(data.details.measurement.all.requests).toBeGreaterThan(3);
    },
  );
});
