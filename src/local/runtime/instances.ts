import type { BuildOutput } from './build-output.ts';
import type { Instance, InstanceHost } from './instance.ts';
import { startInstance } from './instance.ts';

/** A deployment that is to run: its id and the variables that its functions see. */
export interface App {
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The processes of deployments: at most one each, started when it is needed. */
export interface Instances {
  /** Returns the deployment's living process, starting one where there is none. Throws when it does not start. */
  of(app: App, output: BuildOutput): Promise<Instance>;
  /** Counts the deployment as busy until the connection closes. */
  busy(id: string, connection: { once(event: 'close', listener: () => void): unknown }): void;
  end(id: string): Promise<void>;
  /** Ends the processes that had nothing to do for `idleMs` and are not in `keep`. */
  rest(keep: ReadonlySet<string>, idleMs: number): Promise<void>;
  /** Ends all and starts none again. */
  stop(): Promise<void>;
}

interface Slot {
  starting: Promise<Instance> | undefined;
  live: Instance | undefined;
  busy: number;
  usedAtMs: number;
}

/** Returns no processes yet; `dirOf` says where a deployment's files lie. */
export function createInstances(host: InstanceHost, dirOf: (id: string) => string): Instances {
  const slots = new Map<string, Slot>();
  let stopped = false;
  const slotOf = (id: string) => {
    const slot = slots.get(id) ?? { starting: undefined, live: undefined, busy: 0, usedAtMs: Date.now() };
    slots.set(id, slot);
    return slot;
  };
  const end = async (slot: Slot | undefined) => {
    const live = slot?.starting ? await slot.starting.catch(() => undefined) : slot?.live;
    if (slot) slot.live = undefined;
    await live?.stop();
  };
  return {
    of: async (app, output) => {
      const slot = slotOf(app.id);
      if (slot.starting) return await slot.starting;
      if (slot.live?.isAlive()) return slot.live;
      if (stopped) throw new Error('The local cloud is stopping.');
      slot.starting = startInstance({ id: app.id, cwd: dirOf(app.id), env: app.env, functions: output.functions }, host);
      try {
        slot.live = await slot.starting;
        return slot.live;
      } finally {
        slot.starting = undefined;
      }
    },
    busy: (id, connection) => {
      const slot = slotOf(id);
      slot.busy++;
      connection.once('close', () => {
        slot.busy--;
        slot.usedAtMs = Date.now();
      });
    },
    end: async (id) => {
      const slot = slots.get(id);
      slots.delete(id);
      await end(slot);
    },
    rest: async (keep, idleMs) => {
      for (const [id, slot] of slots) {
        const resting = slot.busy === 0 && Date.now() - slot.usedAtMs >= idleMs;
        if (resting && !keep.has(id)) await end(slot);
      }
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...slots.values()].map(end));
      slots.clear();
    },
  };
}
