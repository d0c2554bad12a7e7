import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/adapters/system/system-clock.ts';

describe('the clock of the machine (fault 18)', () => {
  it.each([86_400_000, -86_400_000])('set by %i ms under way moves no wait and no deadline', (byMs) => {
    const before = systemClock.nowMs();
    expect(Math.abs(before - Date.now())).toBeLessThan(1000);

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
    const after = systemClock.nowMs();
    vi.useRealTimers();

    expect(after - before).toBeGreaterThanOrEqual(0);
    expect(after - before).toBeLessThan(1000);
  });
});
