import { describe, expect, it } from 'vitest';
import { k6Said } from '../../../src/adapters/k6/said.ts';
import { lastLine, plainLine } from '../../../src/core/printable.ts';

describe('a line of a build', () => {
  it('has no colours, and nothing else that could be acted on', () => {
    expect(plainLine('\u001B[90m1 |\u001B[0m const \u001B[38;5;9ma\u001B[2J')).toBe(String.raw`1 | const a\u{1b}[2J`);
  });
});

describe('the last line of what a program said', () => {
  it.each([
    ['one\ntwo.\n\n', 'two'],
    ['\u001B[31mred', String.raw`\u{1b}[31mred`],
    ['', 'it said nothing'],
    ['x'.repeat(400), `${'x'.repeat(300)}…`],
  ])('of %j is %j', (said, line) => {
    expect(lastLine(said)).toBe(line);
  });

  it('is the message alone where k6 wrote it into its log', () => {
    expect(k6Said('time="2026-11-27" level=error msg="could not load \\"x\\"."\n')).toBe(String.raw`could not load \"x\"`);
    expect(k6Said('plain words')).toBe('plain words');
  });
});
