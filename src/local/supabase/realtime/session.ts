import { randomInt, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { checkToken, claimsOfKey, type Claims, type ProjectKeys } from '../keys.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Channel, ChangeSubscription, Rooms } from './channel.ts';
import { parseFilter } from './filters.ts';
import type { Frame } from './frames.ts';

/** What one client's session works with. */
export interface SessionOptions {
  readonly rooms: Rooms;
  readonly feed: ChangeFeed;
  /** Read on each join. */
  readonly keys: () => ProjectKeys;
  /** Who the client is by its key; a user's token in a join overrides it for that channel. */
  readonly keyClaims: Claims;
  send(frame: Frame): void;
  log(line: string): void;
}

/** One client's connection. */
export interface Session {
  receive(frame: Frame): Promise<void>;
  /** Leaves every channel. */
  close(): void;
}

type ReplyTo = (status: 'ok' | 'error', response: unknown) => void;

const joinPayload = z.object({
  access_token: z.string().nullish(),
  config: z
    .object({
      broadcast: z.object({ ack: z.boolean().optional(), self: z.boolean().optional() }).nullish(),
      presence: z.object({ key: z.string().optional(), enabled: z.boolean().optional() }).nullish(),
      postgres_changes: z
        .array(z.object({ event: z.string(), schema: z.string().optional(), table: z.string().optional(), filter: z.string().optional() }))
        .nullish(),
      private: z.boolean().nullish(),
    })
    .default({}),
});
const tokenPayload = z.object({ access_token: z.string().nullish() });
const presencePayload = z.object({ event: z.string(), payload: z.record(z.string(), z.unknown()).optional() });

type JoinConfig = z.infer<typeof joinPayload>['config'];

/** Returns the session of a client that has just connected: in no channel yet. */
export function openSession(options: SessionOptions): Session {
  const channels = new Map<string, Channel>();
  const leave = (channel: Channel) => {
    channels.delete(channel.topic);
    options.rooms.remove(channel);
    options.feed.settle();
  };
  const enter = (channel: Channel) => {
    const earlier = channels.get(channel.topic);
    if (earlier !== undefined) {
      leave(earlier);
      sendClose(earlier);
    }
    channels.set(channel.topic, channel);
    options.rooms.add(channel);
  };
  return {
    receive: async (frame) => {
      const { joinRef, ref, topic, event } = frame;
      const reply: ReplyTo = (status, response) => options.send({ joinRef, ref, topic, event: 'phx_reply', payload: { status, response } });
      if (topic === 'phoenix') return event === 'heartbeat' ? reply('ok', {}) : undefined;
      if (event === 'phx_join') return join(options, frame, reply, { enter, leave });
      const channel = channels.get(topic);
      if (channel === undefined) return reply('error', { reason: 'unmatched topic' });
      return inChannel(options, channel, frame, reply, leave);
    },
    close: () => {
      for (const channel of channels.values()) leave(channel);
    },
  };
}

async function inChannel(
  options: SessionOptions,
  channel: Channel,
  frame: Frame,
  reply: ReplyTo,
  leave: (channel: Channel) => void,
): Promise<void> {
  switch (frame.event) {
    case 'phx_leave':
      leave(channel);
      reply('ok', {});
      return sendClose(channel);
    case 'access_token': {
      const token = tokenPayload.safeParse(frame.payload).data?.access_token;
      // The client also sends what it had before, or nothing: then nothing changes.
      if (token === null || token === undefined) return;
      const renewed = await claimsOf(options, token);
      if ('claims' in renewed) {
        channel.claims = renewed.claims;
        return;
      }
      channel.send({ event: 'system', payload: systemNote(channel, 'error', renewed.problem, 'system') });
      leave(channel);
      return sendClose(channel);
    }
    case 'broadcast':
      options.rooms.broadcast(channel.topic, frame.payload, channel);
      return channel.broadcastAck ? reply('ok', {}) : undefined;
    case 'presence':
      return presence(options.rooms, channel, frame, reply);
    default:
      return reply('error', { reason: `unknown event ${frame.event}` });
  }
}

function presence(rooms: Rooms, channel: Channel, frame: Frame, reply: ReplyTo): void {
  const parsed = presencePayload.safeParse(frame.payload);
  if (!parsed.success) return reply('error', { reason: 'invalid presence payload' });
  const { event, payload } = parsed.data;
  rooms.track(channel, event === 'track' ? { ...payload, phx_ref: randomUUID().slice(0, 12) } : undefined);
  return reply('ok', {});
}

interface Membership {
  enter(channel: Channel): void;
  leave(channel: Channel): void;
}

async function join(options: SessionOptions, frame: Frame, reply: ReplyTo, membership: Membership): Promise<void> {
  const wanted = await readJoin(options, frame);
  if ('problem' in wanted) return reply('error', { reason: wanted.problem });
  const { claims, changes, config } = wanted;
  const channel = channelOf(options, frame, claims, changes, config);
  membership.enter(channel);
  if (changes.length > 0) {
    // Before the answer: a change that is committed after it is heard.
    try {
      await options.feed.start();
    } catch (error) {
      membership.leave(channel);
      options.log(String(error));
      return reply('error', { reason: 'UnableToConnectToProject: Realtime was unable to connect to the project database' });
    }
  }
  reply('ok', { postgres_changes: (config.postgres_changes ?? []).map((entry, index) => ({ id: changes[index]?.id, ...entry })) });
  if (channel.presenceEnabled) channel.send({ event: 'presence_state', payload: options.rooms.presence(channel.topic) });
  if (changes.length === 0) return;
  channel.send({ event: 'system', payload: systemNote(channel, 'ok', 'Subscribed to PostgreSQL', 'postgres_changes') });
}

type WantedJoin =
  | { readonly claims: Claims; readonly changes: readonly ChangeSubscription[]; readonly config: JoinConfig }
  | { readonly problem: string };

async function readJoin(options: SessionOptions, frame: Frame): Promise<WantedJoin> {
  const parsed = joinPayload.safeParse(frame.payload);
  if (!parsed.success) return { problem: `InvalidJoinPayload: ${z.prettifyError(parsed.error)}` };
  const { config, access_token: token } = parsed.data;
  if (config.private === true) return { problem: 'PrivateOnly: private channels are not emulated by the local cloud' };
  const claims = await claimsOf(options, token);
  if ('problem' in claims) return claims;
  const changes = subscriptions(config.postgres_changes ?? []);
  if (changes === undefined) return { problem: 'Error parsing `filter` params: expected column=operator.value' };
  return { claims: claims.claims, changes, config };
}

function channelOf(
  options: SessionOptions,
  frame: Frame,
  claims: Claims,
  changes: readonly ChangeSubscription[],
  config: JoinConfig,
): Channel {
  const { topic } = frame;
  const presenceKey = config.presence?.key ?? '';
  return {
    topic,
    joinRef: frame.joinRef,
    claims,
    changes,
    broadcastSelf: config.broadcast?.self === true,
    broadcastAck: config.broadcast?.ack === true,
    // Clients before 2.50 do not say whether they listen: they do.
    presenceEnabled: config.presence?.enabled !== false,
    presenceKey: presenceKey === '' ? randomUUID() : presenceKey,
    presence: undefined,
    send: ({ event, payload, ref = null }) =>
      options.send({ joinRef: event === 'broadcast' ? null : frame.joinRef, ref, topic, event, payload }),
  };
}

function subscriptions(wanted: NonNullable<JoinConfig['postgres_changes']>): readonly ChangeSubscription[] | undefined {
  const found: ChangeSubscription[] = [];
  for (const { event, schema, table, filter } of wanted) {
    const filters = parseFilter(filter);
    if (filters === undefined) return undefined;
    found.push({ id: randomInt(1, 2 ** 31), event: event.toUpperCase(), schema: schema ?? 'public', table, filters });
  }
  return found;
}

async function claimsOf(
  options: SessionOptions,
  token: string | null | undefined,
): Promise<{ readonly claims: Claims } | { readonly problem: string }> {
  if (token === null || token === undefined || token === '') return { claims: options.keyClaims };
  const keys = options.keys();
  const ofKey = claimsOfKey(keys, token);
  if (ofKey !== undefined) return { claims: ofKey };
  const checked = await checkToken(keys.jwtSecret, token);
  if ('claims' in checked) return checked;
  const expired = checked.problem === 'expired';
  return { problem: expired ? 'InvalidJWTToken: Token has expired' : 'JwtSignatureError: Failed to validate JWT signature' };
}

function sendClose(channel: Channel): void {
  channel.send({ event: 'phx_close', payload: {}, ref: channel.joinRef });
}

function systemNote(channel: Channel, status: 'ok' | 'error', message: string, extension: string) {
  return { channel: channel.topic.replace(/^realtime:/, ''), extension, message, status };
}
