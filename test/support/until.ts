import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until the answer is something; throws after `timeoutMs`, naming what was waited for. */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeoutMs = 60_000,
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > deadlineMs) throw new Error(`Waited ${timeoutMs} ms for ${what}.`);
    await pause(20);
  }
}
