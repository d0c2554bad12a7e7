import { jsonOrUndefined } from '../../core/json.ts';
import {
  browserNeedsMore,
  type BrowserMemorySample,
  judgeBrowserMemory,
  judgeServerMemory,
  type ServerMemoryEvidence,
  type ServerMemorySample,
  serverNeedsMore,
} from '../../core/perf/memory.ts';
import { stepVerdict } from '../../core/run/stage.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import { readHealth } from '../../core/smoke/health.ts';
import type { Finding } from '../../core/verdict.ts';
import { identityHeaders } from '../isolation/identities.ts';
import { readingRequests, sendCrowd } from './crowd.ts';
import { failsAlready } from './result.ts';
import { type PerfDeps, type PerfState, requestTimeoutMs } from './state.ts';

/** Returns the step that soaks the server with requests and reads its memory in between. */
export function serverMemoryStep(deps: PerfDeps, state: PerfState): Step {
  const { health, settings } = deps;
  const soak = settings.memory.server;
  return {
    id: 'server-memory',
    title: 'Soak the server and read its memory',
    skip: () => (soak === undefined ? 'not asked for' : health === undefined ? 'no health route is configured' : failsAlready(deps, state)),
    run: async (io) => {
      if (soak === undefined) return undefined;
      const rounds: (readonly ServerMemorySample[])[] = [];
      let evidence: ServerMemoryEvidence = { rounds };
      do {
        const round = await soakRound(deps, state, rounds, io);
        if (typeof round === 'string') evidence = { rounds, unread: round };
        else rounds.push(round);
      } while (evidence.unread === undefined && serverNeedsMore(evidence, soak));
      state.server.set(evidence);
      return overall(judgeServerMemory(evidence, soak));
    },
  };
}

/** Returns the readings of one round, or why there are none. */
async function soakRound(
  deps: PerfDeps,
  state: PerfState,
  rounds: readonly (readonly ServerMemorySample[])[],
  io: StepIo,
): Promise<readonly ServerMemorySample[] | string> {
  const soak = deps.settings.memory.server;
  if (soak === undefined) return 'not asked for';
  const requests = readingRequests(deps, state);
  const samples: ServerMemorySample[] = [];
  let answered = rounds.at(-1)?.at(-1)?.requests ?? 0;
  for (let at = 0; at < soak.samples; at += 1) {
    answered += await sendCrowd(deps, requests, soak, io.signal);
    const reading = await readMemory(deps, answered, io.signal);
    if (typeof reading === 'string') return reading;
    samples.push(reading);
    if (at % 5 === 0) io.note(`round ${rounds.length + 1}: ${at + 1} of ${soak.samples} readings`);
  }
  return samples;
}

async function readMemory({ web, target, health }: PerfDeps, requests: number, signal: AbortSignal): Promise<ServerMemorySample | string> {
  if (health === undefined) return 'no health route is configured';
  const path = health.secret === undefined ? health.path : `${health.path}?gc=1`;
  const headers = health.secret === undefined ? {} : { authorization: `Bearer ${health.secret}` };
  const outcome = await web.request(target, { method: 'GET', path, headers, timeoutMs: requestTimeoutMs }, signal);
  if (outcome.kind === 'failure') return `${health.path} did not answer (${outcome.class}).`;
  const said = readHealth(jsonOrUndefined(outcome.body));
  if (said?.rssBytes === undefined || said.heapUsedBytes === undefined) {
    return `${health.path} answered ${outcome.status} without \`memory: {rssBytes, heapUsedBytes}\`.`;
  }
  const { rssBytes, heapUsedBytes, memoryCollected } = said;
  return { requests, rssBytes, heapUsedBytes, collected: memoryCollected, process: said.process ?? null };
}

/** Returns the step that repeats a page's journey in a browser and reads its memory after each cycle. */
export function browserMemoryStep(deps: PerfDeps, state: PerfState): Step {
  const { settings, target, browserMemory } = deps;
  const soak = settings.memory.browser;
  const page = settings.pages.find(({ id }) => id === soak?.page) ?? settings.pages[0];
  return {
    id: 'browser-memory',
    title: `Repeat the journey on ${page?.path ?? '/'} and read the browser's memory`,
    skip: () => (soak === undefined || page === undefined ? 'not asked for' : failsAlready(deps, state)),
    run: async (io) => {
      if (soak === undefined || page === undefined) return undefined;
      const headers = identityHeaders(page.as, state.signedIn);
      const journey = await browserMemory.open(target, { path: page.path, headers, steps: soak.journey }, io.signal);
      const rounds: BrowserMemorySample[][] = [];
      const evidence = { path: page.path, rounds };
      try {
        do {
          const round: BrowserMemorySample[] = [];
          for (let at = 0; at < soak.cycles; at += 1) {
            const cycle = rounds.length * soak.cycles + at + 1;
            io.note(`cycle ${cycle}`);
            round.push({ cycle, ...(await journey.cycle(io.signal)) });
          }
          rounds.push(round);
        } while (browserNeedsMore(evidence, soak));
      } finally {
        await journey.close();
      }
      state.browser.set(evidence);
      return overall(judgeBrowserMemory(evidence, soak));
    },
  };
}

function overall(findings: readonly Finding[]) {
  const shown = findings.find(({ verdict }) => verdict !== 'green') ?? findings[0];
  return shown === undefined ? undefined : stepVerdict(shown);
}
