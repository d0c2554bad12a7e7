import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  builtInProfiles,
  highestVus,
  loadSettingsForUrl,
  originalJourney,
  originalThresholds,
  rampMs,
  rampStages,
  scaleStages,
  vusSteps,
} from '../../src/core/load/profile.ts';
import type { LoadSettings } from '../../src/core/load/load.ts';

const settings: LoadSettings = {
  journey: originalJourney('agent1@staging.test'),
  profiles: { tiny: [{ durationMs: 1000, vus: 2 }] },
  profile: 'tiny',
  thresholds: originalThresholds,
  maxVus: 100,
};

const stages = fc.array(fc.record({ durationMs: fc.integer({ min: 1, max: 60_000 }), vus: fc.integer({ min: 0, max: 200 }) }), {
  minLength: 1,
  maxLength: 6,
});

test('the full profile is the original one: 30 s to 10, 1 m to 25, 2 m to 50, 2 m at 50, 30 s to 0', () => {
  expect(builtInProfiles.full.map(({ durationMs, vus }) => [durationMs / 1000, vus])).toEqual([
    [30, 10],
    [60, 25],
    [120, 50],
    [120, 50],
    [30, 0],
  ]);
  expect(rampMs(builtInProfiles.short)).toBe(30_000);
});

test('the profile of the settings is used unless another is named', () => {
  expect(rampStages(settings)).toEqual([{ durationMs: 1000, vus: 2 }]);
  expect(rampStages(settings, { profile: 'full' })).toEqual(builtInProfiles.full);
});

test('--vus scales the stages so that the highest is that number', () => {
  expect(rampStages(settings, { profile: 'full', vus: 20 }).map((stage) => stage.vus)).toEqual([4, 10, 20, 20, 0]);
});

test('scaled stages reach exactly the number asked for, and none above 0 falls to 0', () => {
  fc.assert(
    fc.property(stages, fc.integer({ min: 1, max: 500 }), (list, vus) => {
      const scaled = scaleStages(list, vus);
      expect(highestVus(scaled)).toBe(vus);
      expect(scaled.every((stage, index) => stage.vus > 0 || highestVus(list) === 0 || list[index]?.vus === 0)).toBe(true);
    }),
  );
});

test('a duration stretches the whole run', () => {
  expect(rampStages(settings, { profile: 'short', durationMs: 6000 }).map((stage) => stage.durationMs)).toEqual([1000, 4000, 1000]);
});

test('an unknown profile and more users than allowed are refused', () => {
  expect(() => rampStages(settings, { profile: 'constructor' })).toThrow(
    expect.objectContaining({ code: 'LOAD_PROFILE_UNKNOWN', kind: 'usage' }),
  );
  expect(() => rampStages(settings, { profile: 'short', vus: 101 })).toThrow(
    expect.objectContaining({ code: 'LOAD_TOO_MANY_USERS', kind: 'usage' }),
  );
});

test('virtual users join and leave one at a time, evenly within a stage, as in k6', () => {
  const steps = vusSteps([
    { durationMs: 1000, vus: 3 },
    { durationMs: 500, vus: 3 },
    { durationMs: 900, vus: 0 },
  ]);

  expect(steps).toEqual([
    { atMs: 0, vus: 1 },
    { atMs: 500, vus: 2 },
    { atMs: 1000, vus: 3 },
    { atMs: 1800, vus: 2 },
    { atMs: 2100, vus: 1 },
    { atMs: 2400, vus: 0 },
  ]);
});

test('the steps are in order of time, change by one, and end at 0', () => {
  fc.assert(
    fc.property(stages, (list) => {
      const steps = vusSteps(list);
      const times = steps.map((step) => step.atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(steps.at(-1)?.vus).toBe(0);
      expect(Math.max(...steps.map((step) => step.vus))).toBe(Math.max(1, highestVus(list)));
      expect(steps.at(-1)?.atMs).toBeLessThanOrEqual(rampMs(list) + 1e-6);
    }),
  );
});

test('without a configuration load sends one GET of a path and judges by the original limits', () => {
  const outside = loadSettingsForUrl('/about');

  expect(outside.journey).toEqual([{ id: 'page', method: 'GET', path: '/about', as: 'nobody', status: 200, thinkMs: 1000 }]);
  expect(outside.thresholds).toEqual({ p95Ms: 2000, errorRate: 0.15 });
  expect(highestVus(rampStages(outside, { vus: 50 }))).toBe(50);
});
