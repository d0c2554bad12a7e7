import type { Claims } from '../keys.ts';
import type { ColumnFilter } from './filters.ts';
import type { Frame } from './frames.ts';

/** What a client asked to hear of the database: one entry of `postgres_changes`. */
export interface ChangeSubscription {
  readonly id: number;
  readonly event: string;
  readonly schema: string;
  readonly table: string | undefined;
  readonly filters: readonly ColumnFilter[];
}

/** One client's membership in a topic. */
export interface Channel {
  readonly topic: string;
  readonly joinRef: string | null;
  /** Who it listens as; a new token changes it. */
  claims: Claims;
  readonly changes: readonly ChangeSubscription[];
  readonly broadcastSelf: boolean;
  readonly broadcastAck: boolean;
  readonly presenceEnabled: boolean;
  readonly presenceKey: string;
  /** What it tracks, or undefined. */
  presence: PresenceMeta | undefined;
  send(frame: Pick<Frame, 'event' | 'payload'> & { readonly ref?: string | null }): void;
}

/** What a client tells of itself in presence. */
export type PresenceMeta = Readonly<Record<string, unknown>> & { readonly phx_ref: string };

/** The channels of one project by topic: who hears whom. */
export interface Rooms {
  add(channel: Channel): void;
  remove(channel: Channel): void;
  all(): readonly Channel[];
  /** Sends a broadcast to all of the topic but its sender (who may ask for it as well). */
  broadcast(topic: string, payload: unknown, sender?: Channel): void;
  /** Takes what a client tells of itself over (undefined: nothing any more) and tells the others. */
  track(channel: Channel, meta: PresenceMeta | undefined): void;
  /** Returns who is present in a topic. */
  presence(topic: string): PresenceState;
}

/** Presence by key, as clients know it. */
export type PresenceState = Readonly<Record<string, { readonly metas: readonly PresenceMeta[] }>>;

/** Returns rooms with nobody in them. */
export function openRooms(): Rooms {
  const members = new Map<string, Set<Channel>>();
  const inTopic = (topic: string) => [...(members.get(topic) ?? [])];
  const track = (channel: Channel, meta: PresenceMeta | undefined) => {
    const before = channel.presence;
    channel.presence = meta;
    const entry = (one: PresenceMeta | undefined): PresenceState => (one === undefined ? {} : { [channel.presenceKey]: { metas: [one] } });
    if (before === undefined && meta === undefined) return;
    const payload = { joins: entry(meta), leaves: entry(before) };
    for (const other of inTopic(channel.topic)) if (other.presenceEnabled) other.send({ event: 'presence_diff', payload });
  };
  return {
    add: (channel) => {
      const room = members.get(channel.topic) ?? new Set();
      members.set(channel.topic, room.add(channel));
    },
    remove: (channel) => {
      const room = members.get(channel.topic);
      if (room?.delete(channel) !== true) return;
      track(channel, undefined);
      if (room.size === 0) members.delete(channel.topic);
    },
    all: () => [...members.values()].flatMap((room) => [...room]),
    broadcast: (topic, payload, sender) => {
      for (const channel of inTopic(topic)) {
        if (channel !== sender || channel.broadcastSelf) channel.send({ event: 'broadcast', payload });
      }
    },
    track,
    presence: (topic) => {
      const state: Record<string, { metas: PresenceMeta[] }> = {};
      for (const { presence, presenceKey } of inTopic(topic)) {
        if (presence !== undefined) (state[presenceKey] ??= { metas: [] }).metas.push(presence);
      }
      return state;
    },
  };
}
