import { setTimeout as delay } from 'node:timers/promises';

/** Longest time that requests under way are waited for. */
const patienceMs = 2000;

/** A gate that requests pass: open, or held. */
export interface Gate {
  pass(request: () => Promise<void>): Promise<void>;
  /** Lets no request begin until the returned function is called; returns when those under way are answered, or after 2 s. */
  hold(): Promise<() => void>;
}

/** Returns an open gate. */
export function openGate(): Gate {
  let held: Promise<void> = Promise.resolve();
  const passing = new Set<Promise<void>>();
  return {
    pass: async (request) => {
      await held;
      const answered = request();
      passing.add(answered);
      try {
        await answered;
      } finally {
        passing.delete(answered);
      }
    },
    hold: async () => {
      const before = held;
      let release: () => void = () => undefined;
      held = new Promise<void>((resolve) => {
        release = resolve;
      }).then(() => before);
      await Promise.race([Promise.allSettled(passing), delay(patienceMs)]);
      return release;
    },
  };
}
