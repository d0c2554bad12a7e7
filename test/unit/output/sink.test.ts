import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { createEventLines } from '../../../src/output/event-lines.ts';
import { failureEnvelope, renderReportJson, successEnvelope } from '../../../src/output/json.ts';
import { createSink, toJsonLine } from '../../../src/output/sink.ts';
import { capturedSink } from '../../support/captured-sink.ts';
import { sampleReport } from '../../support/sample-report.ts';

const identity = (text: string) => text;

describe('the sink', () => {
  it('masks secrets on every way out, also those it learns of later', () => {
    const captured = capturedSink(['canary-one']);
    captured.sink.protect(['canary-two']);

    captured.sink.out('canary-one canary-two\n');
    captured.sink.err('canary-one canary-two\n');
    captured.sink.terminal('canary-one canary-two\n');
    captured.sink.json({ 'canary-one': ['canary-two'] });

    expect(captured.stdout()).toBe('*** ***\n{"***":["***"]}\n');
    expect(captured.stderr()).toBe('*** ***\n*** ***\n');
  });

  it('lets our colours pass and shows every other control sequence', () => {
    const captured = capturedSink();

    captured.sink.out('\u001B[32mgreen\u001B[39m \u001B[2J\u001B]52;c;eA==\u0007\r\n');

    expect(captured.stdout()).toBe('\u001B[32mgreen\u001B[39m \\x1b[2J\\x1b]52;c;eA==\\x07\n');
  });

  it('cleans data of colours, too', () => {
    expect(capturedSink(['canary-one']).sink.clean({ text: '\u001B[32mcanary-one' })).toEqual({ text: '\\x1b[32m***' });
  });

  it('goes on quietly when the reader has gone', async () => {
    const stream = Object.assign(new EventEmitter(), { write: () => true });
    const sink = createSink({ stdout: stream, stderr: stream });

    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    sink.out('more\n');

    await expect(sink.flush()).resolves.toBeUndefined();
  });

  it('survives a real pipe that is closed early', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('../../support/endless-output.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());

    const code = await new Promise((resolve) => child.on('close', resolve));

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('the JSON envelope', () => {
  it('is one line whose missing values are null', () => {
    const line = toJsonLine(successEnvelope('smoke', { a: undefined, b: [undefined], c: 'two\nlines' }), identity);

    expect(line).toBe(String.raw`{"ok":true,"command":"smoke","data":{"a":null,"b":[null],"c":"two\nlines"}}`);
  });

  it('carries code, message and fix of a failure, and data only when there is some', () => {
    const error = { code: 'SMOKE_RED', message: 'One check is red.' };

    expect(JSON.parse(toJsonLine(failureEnvelope('smoke', error), identity))).toEqual({
      ok: false,
      command: 'smoke',
      error: { ...error, fix: null },
    });
    expect(JSON.parse(toJsonLine(failureEnvelope('smoke', { ...error, fix: 'Run it.' }, { checks: 1 }), identity))).toEqual({
      ok: false,
      command: 'smoke',
      error: { ...error, fix: 'Run it.' },
      data: { checks: 1 },
    });
  });

  it('escapes what a terminal would act on and stays the same data', () => {
    const data = '\u009B2J \u202E \u007F \u001B';
    const line = toJsonLine(successEnvelope('logs', data), identity);

    expect(line).toBe(String.raw`{"ok":true,"command":"logs","data":"\u009b2J \u202e \u007f \u001b"}`);
    expect(JSON.parse(line)).toMatchObject({ data });
  });

  it('stays JSON when a secret looks like a number or a word of JSON', () => {
    const captured = capturedSink(['123456', '"data"']);

    captured.sink.json(successEnvelope('status', { count: 1_234_567, text: 'is 123456' }));

    expect(JSON.parse(captured.stdout())).toEqual({ ok: true, command: 'status', data: { count: 1_234_567, text: 'is ***' } });
  });
});

describe('the report as JSON', () => {
  it('is the report itself, redacted', () => {
    const text = renderReportJson(sampleReport(), (value) => value.replaceAll('127.0.0.1', '***'));

    expect(JSON.parse(text)).toEqual({ ...sampleReport(), openUrl: 'http://***:41287' });
    expect(text.match(/\n/g)).toHaveLength(1);
  });
});

describe('event lines', () => {
  it('are one redacted JSON object each', () => {
    const lines: string[] = [];
    const events = createEventLines(
      (line) => lines.push(line),
      (text) => text.replaceAll('canary', '***'),
    );

    events({ type: 'step-note', path: ['deploy'], text: 'canary\nsecond', panel: ['for people'], at: '2026-11-22T00:00:00.000Z' });

    expect(lines).toEqual(['{"type":"step-note","path":["deploy"],"text":"***\\nsecond","at":"2026-11-22T00:00:00.000Z"}\n']);
  });
});
