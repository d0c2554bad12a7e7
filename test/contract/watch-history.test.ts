import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keptWatches, watchHistory } from '../../src/adapters/files/watch-history.ts';
import type { WatchHead, WatchSample } from '../../src/core/smoke/watch.ts';

const head: WatchHead = {
  environment: 'staging',
  target: 'local',
  origin: 'http://staging.test',
  releaseId: 'rel_1',
  gitSha: 'c'.repeat(40),
  deploymentId: 'dpl_1',
  forMs: 600_000,
  everyMs: 5000,
  checks: [{ id: 'home', title: 'Home' }],
};
const sample: WatchSample = { at: '2026-11-26T12:00:00.000Z', durationMs: 12, down: [{ id: 'home', message: 'Saw the word hunter2.' }] };
const redact = (text: string) => text.replaceAll('hunter2', '[secret]');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jv-watches-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('keeps looks without secrets, newest watch first, and passes over a line that a kill cut off', async () => {
  const older = watchHistory(dir, 'run_01a', redact);
  await older.begin(head);
  await older.append(sample);
  await older.append({ ...sample, down: [] });
  await appendFile(join(dir, 'run_01a.jsonl'), '{"at":"2026-11-26T12:00:10.000Z","dura');
  await watchHistory(dir, 'run_01b', redact).begin(head);

  const watches = await keptWatches(dir);

  expect(watches.map(({ runId, samples }) => [runId, samples.length])).toEqual([
    ['run_01b', 0],
    ['run_01a', 2],
  ]);
  expect(watches[1]).toMatchObject({ head, samples: [{ down: [{ id: 'home', message: 'Saw the word [secret].' }] }, { down: [] }] });
  expect(await readFile(join(dir, 'run_01a.jsonl'), 'utf8')).not.toContain('hunter2');
  expect(await keptWatches(join(dir, 'nowhere'))).toEqual([]);
});

it('refuses a history that something else has written into', async () => {
  const path = join(dir, 'run_01c.jsonl');
  await writeFile(path, `${JSON.stringify(head)}\nnot ours\n`);

  await expect(keptWatches(dir)).rejects.toMatchObject({ code: 'WATCH_DAMAGED', message: expect.stringContaining('line 2') });
});
