import { expect, it } from 'vitest';
import { type LogEntry, logLine, mergeLogs, newEntries } from '../../src/core/logs/logs.ts';
import { postgresRows } from '../../src/local/supabase/service-logs.ts';
import { capturedSink } from '../support/captured-sink.ts';

const entry = (second: number, source: LogEntry['source'], message = `line ${second}`): LogEntry => ({
  at: new Date(Date.UTC(2026, 10, 27, 3, 0, second)).toISOString(),
  source,
  level: 'info',
  message,
  deploymentId: null,
});

it('merges by time; lines of one moment stay in the order of their sources', () => {
  const merged = mergeLogs([[entry(1, 'app'), entry(3, 'app')], [entry(1, 'postgres'), entry(2, 'postgres')], [entry(0, 'auth')]]);

  expect(merged.map(({ at, source }) => `${at.slice(17, 19)} ${source}`)).toEqual([
    '00 auth',
    '01 app',
    '01 postgres',
    '02 postgres',
    '03 app',
  ]);
});

it('tells what is new: a line that was read already is not, the same line once more is', () => {
  const before = [entry(1, 'app', 'same'), entry(1, 'app', 'same'), entry(2, 'app')];
  const read = [...before, entry(1, 'app', 'same'), entry(0, 'auth', 'came late')];

  expect(newEntries(before, read)).toEqual([entry(1, 'app', 'same'), entry(0, 'auth', 'came late')]);
});

it('shows a line as one line, whatever it holds, and no secret in it', () => {
  const { sink, stdout } = capturedSink(['canary-secret-1']);
  const hostile = { ...entry(5, 'app', 'pw=canary-secret-1\n\u001B[2J\u001B[31mfake\u001B[0m \u202Etxt\n'), level: 'err\nor' };

  sink.out(`${logLine(hostile)}\n`);

  expect(stdout()).toBe(String.raw`2026-11-27T03:00:05.000Z app      err or  pw=***\n\x1b[2J\x1b[31mfake\x1b[0m \u202etxt` + '\n');
});

it('reads the log of one database out of a server’s, with what belongs to a line and what the server says as a whole', () => {
  const log = [
    'not begun here',
    '2026-11-27 03:00:01.123 UTC [7]  LOG:  database system is ready to accept connections',
    '2026-11-27 03:00:02.000 UTC [8] other ERROR:  not ours',
    '2026-11-27 03:00:02.000 UTC [8] other DETAIL:  not ours either',
    '\tnor this',
    '2026-11-27 03:00:03.000 UTC [9] ours ERROR:  duplicate key',
    '2026-11-27 03:00:03.000 UTC [9] ours DETAIL:  Key (id)=(1)',
    '\talready exists.',
    '',
  ].join('\n');

  expect(postgresRows(log, 'ours').map(({ timestamp, severity_text: level, event_message: text }) => [timestamp, level, text])).toEqual([
    ['2026-11-27T03:00:01.123000', 'LOG', 'database system is ready to accept connections'],
    ['2026-11-27T03:00:03.000000', 'ERROR', 'duplicate key\nDETAIL:  Key (id)=(1)\nalready exists.'],
  ]);
});
