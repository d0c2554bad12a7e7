import type { Cluster } from '../cluster.ts';
import { openPool, type Sql } from '../connections.ts';
import type { Claims } from '../keys.ts';
import { openChangeStream, type ChangeStream, type TableChange } from './change-stream.ts';
import type { Channel, ChangeSubscription, Rooms } from './channel.ts';
import { matches } from './filters.ts';
import { visibleChange, type VisibleChange } from './visibility.ts';

/** The replication connection ends this long after the last subscription to changes. */
const idleMs = 30_000;

/** What the feed works with. */
export interface FeedOptions {
  readonly ref: string;
  readonly cluster: Cluster;
  log(line: string): void;
}

/** The stream of committed changes and who gets them. */
export interface ChangeFeed {
  /** Returns once the stream runs. */
  start(): Promise<void>;
  /** Ends the stream after a while when nobody subscribes any more. */
  settle(): void;
  streaming(): boolean;
  stop(): Promise<void>;
}

/** Returns the feed of a project; nothing runs before the first `start`. */
export function changeFeed(options: FeedOptions, rooms: Rooms): ChangeFeed {
  let running: Promise<{ readonly stream: ChangeStream; readonly sql: Sql }> | undefined;
  let idle: NodeJS.Timeout | undefined;
  const subscribers = () => rooms.all().filter((channel) => channel.changes.length > 0);
  const end = async () => {
    const ending = running;
    running = undefined;
    const open = await ending?.catch(() => undefined);
    await open?.stream.stop().catch(() => undefined);
    await open?.sql.end({ timeout: 1 });
  };
  const broken = (error: Error) => {
    options.log(`the stream of changes broke: ${error.message}`);
    void end();
    // Clients join again by themselves, which starts the stream anew.
    for (const channel of subscribers()) channel.send({ event: 'phx_error', payload: {}, ref: channel.joinRef });
  };
  const open = async () => {
    const url = new URL(options.cluster.serviceUrl('supabase_realtime_admin', options.ref));
    const sql = openPool(url.href, 4);
    const connection = { host: url.hostname, port: Number(url.port), user: url.username, password: url.password, database: options.ref };
    const onChange = (change: TableChange) => deliver(sql, change, subscribers());
    try {
      return { stream: await openChangeStream({ connection, sql, onChange, onBroken: broken }), sql };
    } catch (error) {
      await sql.end({ timeout: 1 });
      throw error;
    }
  };
  return {
    start: async () => {
      clearTimeout(idle);
      const opening = (running ??= open());
      try {
        await opening;
      } catch (error) {
        if (running === opening) running = undefined;
        throw error;
      }
    },
    settle: () => {
      clearTimeout(idle);
      if (running === undefined || subscribers().length > 0) return;
      idle = setTimeout(() => void (subscribers().length === 0 ? end() : undefined), idleMs);
      idle.unref();
    },
    streaming: () => running !== undefined,
    stop: async () => {
      clearTimeout(idle);
      await end();
    },
  };
}

/** Sends a change to those who asked for it and may see it; channels of the same claims are asked for once. */
async function deliver(sql: Sql, change: TableChange, channels: readonly Channel[]): Promise<void> {
  const asked = new Map<string, Promise<VisibleChange | undefined>>();
  await Promise.all(
    channels.map(async (channel) => {
      const ids = channel.changes.filter((subscription) => concerns(subscription, change)).map(({ id }) => id);
      if (ids.length === 0 || isExpired(channel.claims)) return;
      const who = JSON.stringify(channel.claims);
      const looking = asked.get(who) ?? visibleChange(sql, change, channel.claims);
      asked.set(who, looking);
      const data = await looking;
      if (data !== undefined) channel.send({ event: 'postgres_changes', payload: { data, ids } });
    }),
  );
}

function concerns(subscription: ChangeSubscription, change: TableChange): boolean {
  const { table, type } = change;
  if (subscription.event !== '*' && subscription.event !== type) return false;
  if (subscription.schema !== '*' && subscription.schema !== table.schema) return false;
  if (subscription.table !== undefined && subscription.table !== '*' && subscription.table !== table.name) return false;
  const types = Object.fromEntries(table.columns.map((column) => [column.name, column.type]));
  return matches(subscription.filters, type === 'DELETE' ? change.oldRow : change.row, types);
}

function isExpired(claims: Claims): boolean {
  const expiresAtS = claims['exp'];
  return typeof expiresAtS === 'number' && expiresAtS * 1000 < Date.now();
}
