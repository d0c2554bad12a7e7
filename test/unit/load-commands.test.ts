import { describe, expect, test } from 'vitest';
import { allowanceOf, estimateCommands, judgeCommands, monthlyCommands, refuseOverBudget, spentAll } from '../../src/core/load/commands.ts';
import { builtInProfiles, originalJourney } from '../../src/core/load/profile.ts';
import type { GaugeSample } from '../../src/core/ports/gauges.ts';
import { loadMeasurement } from '../support/measured.ts';

const journey = originalJourney('agent1@staging.test');
const probe = { perRequest: 4, idlePerSecond: 2, meanMs: [100, 400] };

function counted(...counts: readonly (number | null)[]): readonly GaugeSample[] {
  const nothing = {
    clients: 1,
    clientLimit: null,
    usedMemoryBytes: null,
    memoryLimitBytes: null,
    evictedKeys: null,
    rejectedConnections: null,
  };
  return counts.map((commands, second) => ({ second, unread: {}, redis: { ...nothing, commands } }));
}

describe('what a run may spend', () => {
  test.each([
    ['the free plan', 'free', undefined, 500_000],
    ['pay as you go with a budget', 'payg', 2, 1_000_000],
    ['pay as you go without one', 'payg', undefined, undefined],
    ['a fixed plan', 'fixed_250mb', 20, undefined],
  ])('of %s is known as far as it is limited', (_what, plan, budgetUsd, commands) => {
    expect(monthlyCommands(plan, budgetUsd)?.commands).toBe(commands);
  });

  test('is the smaller of the configured and what is left of the month', () => {
    const month = monthlyCommands('free', undefined);

    expect(allowanceOf(20_000, month, 100)?.commands).toBe(20_000);
    expect(allowanceOf(20_000, month, 490_000)).toEqual({ commands: 10_000, what: 'the free plan’s month, 490000 used' });
    expect(allowanceOf(undefined, month, 600_000)?.commands).toBe(0);
    expect(allowanceOf(undefined, undefined, 0)).toBeUndefined();
  });
});

describe('what a run will spend', () => {
  test('follows from journey, virtual users, think times, answers and what a request needs', () => {
    const { requests, commands } = estimateCommands(journey, builtInProfiles.short, probe);

    // 1 to 50 in 5 s, 50 for 20 s, 50 to 0 in 5 s: 1252.5 user seconds, in iterations of 3.5 s with two requests each.
    expect(requests).toBe(Math.ceil((1252.5 / 3.5) * 2));
    expect(commands).toBe(requests * 4 + 2 * 30);
  });

  test('is refused over the budget, with the figures; at the budget it is not', () => {
    const estimate = { requests: 100, perRequest: 4, commands: 400 };

    expect(() => refuseOverBudget(estimate, { commands: 400, what: 'x' })).not.toThrow();
    expect(() => refuseOverBudget(estimate, { commands: 399, what: 'load.commandBudget' })).toThrow(
      expect.objectContaining({
        code: 'LOAD_COMMANDS_OVER_BUDGET',
        exitCode: 6,
        message: expect.stringContaining('about 400 Redis commands (100 requests of 4.0 each), and 399 are left (load.commandBudget)'),
      }),
    );
  });
});

describe('what a run spent', () => {
  const allowance = { commands: 500, what: 'load.commandBudget' };
  const estimate = { requests: 100, perRequest: 4, commands: 400 };

  test('is what the server counted; more than it might is red and stops it', () => {
    expect(judgeCommands(counted(1000, null, 1500), loadMeasurement(), estimate, allowance)).toMatchObject({
      verdict: 'green',
      seen: '500',
    });
    expect(judgeCommands(counted(1000, 1501), loadMeasurement(), estimate, allowance)).toMatchObject({ verdict: 'red', seen: '501' });
    expect(spentAll(counted(1000, 1500), allowance)).toBeUndefined();
    expect(spentAll(counted(1000, 1501), allowance)).toContain('501 Redis commands were spent, and 500 were left (load.commandBudget)');
  });

  test('of a service that tells no requests is not taken for little where the server counts nothing either', () => {
    expect(judgeCommands(counted(null), undefined, estimate, allowance)).toMatchObject({ verdict: 'inconclusive', seen: 'not counted' });
    expect(judgeCommands(counted(0, 501), undefined, estimate, allowance)).toMatchObject({ verdict: 'red', seen: '501' });
  });

  test('is told by its requests where the server counts nothing', () => {
    expect(judgeCommands(counted(null), loadMeasurement(), estimate, allowance)).toMatchObject({
      verdict: 'green',
      seen: 'about 400, by 100 requests of 4.0',
    });
    expect(judgeCommands([], loadMeasurement(), { ...estimate, perRequest: 6 }, allowance)).toMatchObject({ verdict: 'red' });
  });
});
