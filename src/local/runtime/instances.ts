import type { BuildOutput } from './build-output.ts';
import type { FunctionFile } from './functions.ts';
import type { Instance, InstanceHost } from './instance.ts';
import { startInstance } from './instance.ts';

/** A deployment that is to run: its id and the variables that its functions see. */
export interface App {
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The processes of deployments, started when they are needed: as on the platform, a function shares no memory with another. Only
 * functions that are links to one another share a process, and a deployment's edge functions do (each in a context of its own).
 */
export interface Instances {
  /** Returns the living process of a function, starting one where there is none. Throws when it does not start. */
  of(app: App, output: BuildOutput, target: FunctionFile): Promise<Instance>;
  /** Starts one process of the deployment, if it has functions; the others start when they are asked for. Throws when it does not start. */
  warm(app: App, output: BuildOutput): Promise<void>;
  /** Counts the deployment as busy until the connection closes. */
  busy(id: string, connection: { once(event: 'close', listener: () => void): unknown }): void;
  end(id: string): Promise<void>;
  /** Ends the processes that had nothing to do for `idleMs` and are not in `keep`. */
  rest(keep: ReadonlySet<string>, idleMs: number): Promise<void>;
  /** Ends all and starts none again. */
  stop(): Promise<void>;
}

/** A deployment's processes by group. */
interface Slot {
  readonly groups: Map<string, Group>;
  busy: number;
  usedAtMs: number;
}

interface Group {
  starting: Promise<Instance> | undefined;
  live: Instance | undefined;
}

/** Returns no processes yet. */
export function createInstances(host: InstanceHost): Instances {
  const slots = new Map<string, Slot>();
  let stopped = false;
  const slotOf = (id: string) => {
    const slot = slots.get(id) ?? { groups: new Map<string, Group>(), busy: 0, usedAtMs: Date.now() };
    slots.set(id, slot);
    return slot;
  };
  const of: Instances['of'] = async (app, output, target) => {
    const { groups } = slotOf(app.id);
    const name = groupOf(target);
    const group = groups.get(name) ?? { starting: undefined, live: undefined };
    groups.set(name, group);
    if (group.starting) return await group.starting;
    if (group.live?.isAlive()) return group.live;
    if (stopped) throw new Error('The local cloud is stopping.');
    const functions = membersOf(output, name);
    const cwd = functions.find(({ runtime }) => runtime === 'node')?.dir ?? '/';
    group.starting = startInstance({ id: app.id, cwd, env: app.env, functions }, host);
    try {
      group.live = await group.starting;
      return group.live;
    } finally {
      group.starting = undefined;
    }
  };
  return {
    of,
    warm: async (app, output) => {
      const [target] = output.functions.values();
      if (target) await of(app, output, target);
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
      await endAll(slot);
    },
    rest: async (keep, idleMs) => {
      for (const [id, slot] of slots) {
        const resting = slot.busy === 0 && Date.now() - slot.usedAtMs >= idleMs;
        if (resting && !keep.has(id)) await endAll(slot);
      }
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...slots.values()].map(endAll));
      slots.clear();
    },
  };
}

function groupOf(target: FunctionFile): string {
  return target.runtime === 'edge' ? 'edge' : target.dir;
}

/** A function may stand at two addresses; it is named once. */
function membersOf(output: BuildOutput, group: string): FunctionFile[] {
  return [...new Set(output.functions.values())].filter((one) => groupOf(one) === group);
}

async function endAll(slot: Slot | undefined): Promise<void> {
  await Promise.all([...(slot?.groups.values() ?? [])].map(endGroup));
}

async function endGroup(group: Group): Promise<void> {
  const live = group.starting ? await group.starting.catch(() => undefined) : group.live;
  group.live = undefined;
  await live?.stop();
}
