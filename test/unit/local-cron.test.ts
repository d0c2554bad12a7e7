import { describe, expect, it } from 'vitest';
import { isDue } from '../../src/local/cron.ts';

const sundayNoon = new Date('2026-11-22T12:00:00Z');
const mondayMorning = new Date('2026-11-23T06:35:00Z');

describe('a cron schedule', () => {
  it.each([
    ['* * * * *', true, true],
    ['0 12 * * *', true, false],
    ['*/5 * * * *', true, true],
    ['*/8 * * * *', true, false],
    ['30-40/5 6 * * 1-5', false, true],
    ['0,35 6,12 22,23 11 *', true, true],
    ['* * * * 7', true, false],
    ['* * * * 0', true, false],
    ['* * 23 * *', false, true],
  ])('%j is due on Sunday noon: %s, on Monday 06:35: %s', (schedule, onSunday, onMonday) => {
    expect(isDue(schedule, sundayNoon)).toBe(onSunday);
    expect(isDue(schedule, mondayMorning)).toBe(onMonday);
  });

  it.each(['* * * *', '@daily', 'x * * * *', '1-x * * * *', '5 5 5 5 mon'])('%j is refused', (schedule) => {
    expect(() => isDue(schedule, sundayNoon)).toThrow(/schedule/);
  });
});
