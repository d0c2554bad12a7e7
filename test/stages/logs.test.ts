import { beforeEach, expect, it } from 'vitest';
import type { LogEntry, LogSource, LogWindow } from '../../src/core/logs/logs.ts';
import { emptyResources } from '../../src/stages/resources.ts';
import { followLogs, type LogsChoice, type LogsDeps, readLogs } from '../../src/stages/logs.ts';
import { stageWorld, type StageWorld } from '../support/stage-world.ts';

let world: StageWorld;
let written: LogEntry[];

const choice: LogsChoice = { sinceMs: 600_000, grep: undefined, sources: ['app', 'postgres', 'auth'] };
const { signal } = new AbortController();

beforeEach(() => {
  world = stageWorld();
  written = [];
});

/** Says something in a log, some seconds ago. */
function write(source: LogSource, message: string, secondsAgo: number): void {
  const at = new Date(world.clock.nowMs() - secondsAgo * 1000).toISOString();
  written.push({ at, source, level: null, message, deploymentId: null });
}

function deps(more: Partial<LogsDeps> = {}): LogsDeps {
  const read = async (source: LogSource, { fromMs, toMs }: LogWindow) => {
    const isWithin = ({ at }: LogEntry) => Date.parse(at) >= fromMs && Date.parse(at) < toMs;
    return { entries: written.filter((entry) => entry.source === source && isWithin(entry)), complete: source !== 'postgres' };
  };
  return {
    ...world.base,
    appLogs: { read: (_project, window) => read('app', window) },
    databaseLogs: { read: (_ref, source, window) => read(source, window) },
    ...more,
  };
}

it('merges what the three wrote within the time, and says of which there was more', async () => {
  await world.provision();
  write('app', 'third', 1);
  write('postgres', 'first: ERROR', 3);
  write('auth', 'second', 2);
  write('app', 'too old', 601);

  const logs = await readLogs(deps(), emptyResources(), choice, signal);

  expect(logs.entries.map(({ message }) => message)).toEqual(['first: ERROR', 'second', 'third']);
  expect(logs.sources.map(({ source, complete }) => [source, complete])).toEqual([
    ['app', true],
    ['postgres', false],
    ['auth', true],
  ]);
});

it('shows only lines with the text, whatever the case, and only the logs that were named', async () => {
  await world.provision();
  write('postgres', 'an ERROR', 3);
  write('postgres', 'a notice', 2);
  write('app', 'an error, too', 1);
  written.push({
    at: new Date(world.clock.nowMs() - 500).toISOString(),
    source: 'postgres',
    level: 'error',
    message: 'by level',
    deploymentId: null,
  });

  const logs = await readLogs(deps(), emptyResources(), { ...choice, grep: 'error', sources: ['postgres'] }, signal);

  expect(logs.entries.map(({ message }) => message)).toEqual(['an ERROR', 'by level']);
  expect(logs.sources).toEqual([{ source: 'postgres', read: 3, shown: 2, complete: false }]);
});

it('knows the environment’s keys before it shows a line, so that they can be hidden', async () => {
  await world.provision();
  const resources = emptyResources();

  await readLogs(deps(), resources, choice, signal);

  expect(resources.databaseAccess.peek()?.serviceRoleKey).toBeDefined();
  expect(resources.cacheAccess.peek()?.url).toBeDefined();
});

it('goes on with what comes, each line once, also one that comes late; an interruption is its end', async () => {
  await world.provision();
  write('app', 'before', 5);
  const interruption = new AbortController();
  const seen: string[] = [];

  for await (const entries of followLogs(deps(), emptyResources(), choice, interruption.signal)) {
    seen.push(...entries.map(({ message }) => message));
    if (seen.length === 1) {
      write('auth', 'next', 0);
      write('postgres', 'late', 20);
    }
    if (seen.length === 3) interruption.abort(new Error('interrupted'));
  }

  expect(seen).toEqual(['before', 'late', 'next']);
});

it('passes on what a platform refuses while it follows', async () => {
  await world.provision();
  const refusal = new Error('refused');
  const following = followLogs(deps({ appLogs: { read: () => Promise.reject(refusal) } }), emptyResources(), choice, signal);

  await expect(following.next()).rejects.toBe(refusal);
});

it('wants an environment, and no more than a day', async () => {
  await expect(readLogs(deps(), emptyResources(), choice, signal)).rejects.toMatchObject({ code: 'RESOURCE_MISSING', exitCode: 3 });
  await expect(readLogs(deps(), emptyResources(), { ...choice, sinceMs: 86_400_001 }, signal)).rejects.toMatchObject({
    code: 'LOGS_TOO_LONG',
    exitCode: 2,
  });
});
