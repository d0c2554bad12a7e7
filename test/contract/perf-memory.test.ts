import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMemory } from '../../src/adapters/lighthouse/browser-memory.ts';
import { lighthouseAudit } from '../../src/adapters/lighthouse/audit.ts';
import { findChrome } from '../../src/adapters/lighthouse/find-chrome.ts';
import { requestHistogram } from '../../src/adapters/load-trace/histogram.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { webClient } from '../../src/adapters/web/web-client.ts';
import { judgeBrowserMemory, judgeServerMemory } from '../../src/core/perf/memory.ts';
import { perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import type { PerfSettings } from '../../src/core/perf/perf.ts';
import { browserMemoryStep, serverMemoryStep } from '../../src/stages/perf/memory.ts';
import { newPerfState, type PerfDeps } from '../../src/stages/perf/state.ts';
import { closeServer, listen, originOf } from '../support/delayed-server.ts';
import { openSessions, runStage } from '../support/measure-fakes.ts';
import { requires } from '../support/requires.ts';

const web = webClient();

afterAll(() => web.close());

function depsFor(origin: string, memory: PerfSettings['memory'], path = '/'): PerfDeps {
  return {
    target: { origin, resolve: {} },
    settings: { ...perfSettingsForUrl(path), memory },
    audit: lighthouseAudit({ worker: '/nowhere', path: async () => findChrome() }),
    browserMemory: browserMemory(async () => findChrome()),
    histogram: async () => requestHistogram(),
    health: { path: '/api/health', secret: 'secret' },
    baseline: async () => undefined,
    web,
    signIns: { sessions: openSessions() },
    clock: systemClock,
  };
}

describe('the heap of a real server, after garbage collection', () => {
  const soak = { samples: 12, requests: 20, concurrency: 4, heapBytesPerRequest: 500, rssBytesPerRequest: 1_000_000 };

  /** Soaks a server in a process of its own; returns the verdict over its heap, and the rounds that it took. */
  async function soaked(kind: 'leak' | 'plateau') {
    const child = spawn(process.execPath, ['--expose-gc', join(import.meta.dirname, '../support/leaky-server.ts'), kind], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const deps = depsFor(await firstLine(child), { server: soak });
      const state = newPerfState();
      await runStage([serverMemoryStep(deps, state)]);
      const evidence = state.server.get();
      return { verdict: judgeServerMemory(evidence, soak)[0]?.verdict, rounds: evidence.rounds.length };
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  test.each([1, 2, 3])('that leaks is red, one whose cache fills up is green (%d)', async () => {
    const [leaking, plateauing] = [await soaked('leak'), await soaked('plateau')];

    expect(leaking).toEqual({ verdict: 'red', rounds: 3 });
    expect(plateauing.verdict).toBe('green');
  });
});

describe('the memory of a real page, after garbage collection through DevTools', () => {
  const soak = { journey: [{ click: '#more' }], cycles: 10, heapBytesPerCycle: 10_000, nodesPerCycle: 1, listenersPerCycle: 0.5 };
  let server: Server;
  const browserTest = requires('chrome');

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url ?? '/';
      const status = path === '/sign-in' ? 404 : 200;
      response.writeHead(status, { 'content-type': 'text/html' }).end(path === '/without' ? '<!doctype html>' : page(path));
    });
    await listen(server);
  });
  afterAll(() => closeServer(server));

  async function repeated(path: string) {
    const deps = depsFor(originOf(server), { browser: soak }, path);
    const state = newPerfState();
    const { error } = await runStage([browserMemoryStep(deps, state)]);
    expect(error).toBeUndefined();
    return Object.fromEntries(judgeBrowserMemory(state.browser.get(), soak).map(({ id, verdict }) => [id, verdict]));
  }

  browserTest.each([1, 2])('that keeps what it took away is red for heap, nodes and listeners (%d)', async () => {
    expect(await repeated('/leak')).toEqual({ 'browser-heap': 'red', 'browser-nodes': 'red', 'browser-listeners': 'red' });
  });

  browserTest.each([1, 2])('that keeps a bounded number of things is green (%d)', async () => {
    expect(await repeated('/plateau')).toEqual({ 'browser-heap': 'green', 'browser-nodes': 'green', 'browser-listeners': 'green' });
  });

  browserTest.each([
    [{ click: '#more' }, '/without', 'nothing that can be clicked matches #more on /without'],
    [{ open: '/sign-in' }, '/plateau', '/sign-in answered 404'],
  ])('that cannot do %j breaks the journey off, red', async (step, path, why) => {
    const deps = depsFor(originOf(server), { browser: { ...soak, journey: [step] } }, path);

    const { error } = await runStage([browserMemoryStep(deps, newPerfState())]);

    expect(error).toMatchObject({ code: 'PERF_JOURNEY_FAILED', kind: 'red', message: expect.stringContaining(why) });
  });
});

/** A page that makes rows with listeners and takes them away again: `/leak` remembers all of them, `/plateau` the last three. */
function page(path: string): string {
  const keep = path === '/leak' ? Number.MAX_SAFE_INTEGER : 3;
  return `<!doctype html><html lang="en"><title>Rows</title><link rel="icon" href="data:,"><button id="more">More</button><div id="rows"></div>
<script>
  const kept = [];
  document.querySelector('#more').addEventListener('click', () => {
    const rows = document.querySelector('#rows');
    rows.replaceChildren();
    for (let at = 0; at < 20; at += 1) {
      const row = document.createElement('p');
      const data = new Array(500).fill(at);
      row.addEventListener('click', () => console.log(data));
      rows.append(row);
    }
    kept.push([...rows.children].map((row) => ({ row, data: new Array(2000).fill(0).map(() => Math.random()) })));
    if (kept.length > ${keep}) kept.shift();
  });
</script></html>`;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The server has no stdout.');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('The server ended without an address.');
}
