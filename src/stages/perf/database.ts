import { judgeDatabase, statementsBetween } from '../../core/perf/database.ts';
import { judgePool, type PoolEvidence } from '../../core/perf/pool.ts';
import type { Gauge, GaugeSample } from '../../core/ports/gauges.ts';
import { stepVerdict } from '../../core/run/stage.ts';
import type { Step } from '../../core/run/step.ts';
import { readAll } from '../load/watch.ts';
import { readingRequests, sendCrowd } from './crowd.ts';
import { failsAlready } from './result.ts';
import type { PerfDeps, PerfState } from './state.ts';

/** Between two looks at the connections: short, for a burst of requests is over in a second. */
const lookEveryMs = 100;

/** A server process reports its counters when it ends, before that at most once a second (PostgreSQL 15, pgstat.c: `PGSTAT_MIN_INTERVAL`). */
const countersLateMs = 1200;

const notOurs = 'the address is not the environment’s own';

/** Returns the step that notes which statements ran before perf. */
export function statementsStep({ inside }: PerfDeps, state: PerfState): Step {
  return {
    id: 'statements',
    title: 'Note the statements so far',
    skip: () => (inside === undefined ? notOurs : undefined),
    run: async ({ signal }) => {
      const statements = await inside?.insight.statements(signal);
      state.statementsBefore.set(statements);
      return statements === undefined ? 'pg_stat_statements is not installed' : `${statements.length} statements`;
    },
  };
}

/** Returns the step that sends requests side by side while the connections are looked at. */
export function poolStep(deps: PerfDeps, state: PerfState): Step {
  const { inside, settings } = deps;
  const { pool } = settings;
  return {
    id: 'pool',
    title: pool === undefined ? 'Connections under requests' : `Connections under ${pool.concurrency} requests at once`,
    skip: () => (inside === undefined ? notOurs : pool === undefined ? 'not asked for' : failsAlready(deps, state)),
    run: async ({ signal }) => {
      if (inside === undefined || pool === undefined) return undefined;
      const before = await inside.insight.sessions(signal);
      const sending = sendCrowd(deps, readingRequests(deps, state), pool, signal);
      const samples = await lookWhile(sending, inside.gauges, deps, signal);
      await deps.clock.sleep(countersLateMs, signal);
      const newSessions = (await inside.insight.sessions(signal)) - before;
      const evidence: PoolEvidence = { samples, newSessions, requests: await sending };
      state.pool.set(evidence);
      return stepVerdict(judgePool(evidence));
    },
  };
}

/** Returns the step that asks the database for slow statements, foreign keys without an index, and dead rows. */
export function databaseStep(deps: PerfDeps, state: PerfState): Step {
  const { inside, settings } = deps;
  return {
    id: 'database',
    title: 'Statements, indexes and dead rows',
    skip: () => (inside === undefined ? notOurs : failsAlready(deps, state)),
    run: async ({ signal }) => {
      if (inside === undefined) return undefined;
      const { insight } = inside;
      const after = await insight.statements(signal);
      const [unindexedKeys, tableRows] = [await insight.unindexedKeys(signal), await insight.tableRows(signal)];
      const statements = after === undefined ? undefined : statementsBetween(state.statementsBefore.peek() ?? [], after).slice(0, 20);
      const evidence = { statements, unindexedKeys, tableRows };
      state.database.set(evidence);
      const findings = judgeDatabase(evidence, settings.database);
      const shown = findings.find(({ verdict }) => verdict !== 'green') ?? findings[0];
      return shown === undefined ? undefined : stepVerdict(shown);
    },
  };
}

/** Reads all gauges until the work is done, and once after it has begun in any case. */
async function lookWhile(
  work: Promise<unknown>,
  gauges: readonly Gauge[],
  { clock }: PerfDeps,
  signal: AbortSignal,
): Promise<readonly GaugeSample[]> {
  const startedMs = clock.nowMs();
  const samples: GaugeSample[] = [];
  const over = work.then(() => true);
  // When the wait between two looks is broken off first, nobody waits for this any more.
  over.catch(() => undefined);
  let isOver = false;
  while (!isOver) {
    samples.push(await readAll(gauges, (clock.nowMs() - startedMs) / 1000, signal));
    isOver = await Promise.race([over, clock.sleep(lookEveryMs, signal).then(() => false)]);
  }
  return samples;
}
