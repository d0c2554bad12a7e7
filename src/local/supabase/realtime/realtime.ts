import { randomInt, randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { isLoopbackHost } from '../../loopback.ts';
import { openPool, type Cluster, type Sql } from '../cluster.ts';
import { checkToken, claimsOfKey, type Claims, type ProjectKeys } from '../keys.ts';
import { openRooms, type Channel, type ChangeSubscription, type Rooms } from './channel.ts';
import { openChangeStream, type ChangeStream, type TableChange } from './change-stream.ts';
import { matches, parseFilter } from './filters.ts';
import { decodeFrame, encodeFrame, type Frame, type ProtocolVersion } from './frames.ts';
import { visibleChange, type VisibleChange } from './visibility.ts';

/** What Realtime of one project works with. */
export interface RealtimeOptions {
  readonly ref: string;
  readonly cluster: Cluster;
  /** Read on each connection and join. */
  readonly keys: () => ProjectKeys;
  log(line: string): void;
}

/** Realtime of one project. */
export interface Realtime {
  /** Answers WebSocket upgrades of the gateway's server. */
  attach(server: Server): void;
  /** Sends a broadcast that came by HTTP. */
  broadcast(topic: string, event: string, payload: unknown): void;
  /** True while committed changes are streamed. */
  streaming(): boolean;
  stop(): Promise<void>;
}

/** The replication connection ends this long after the last subscription to changes. */
const idleMs = 30_000;

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

interface Client {
  readonly socket: WebSocket;
  readonly version: ProtocolVersion;
  readonly keyClaims: Claims;
  readonly channels: Map<string, Channel>;
}

/** Returns Realtime for a project: channels at once, the stream of changes at the first subscription to them. */
export function openRealtime(options: RealtimeOptions): Realtime {
  const rooms = openRooms();
  const feed = changeFeed(options, rooms);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 3 * 1024 * 1024 });
  const connect = (socket: WebSocket, request: IncomingMessage, keyClaims: Claims) => {
    const version = new URL(request.url ?? '/', 'http://local').searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
    const client: Client = { socket, version, keyClaims, channels: new Map() };
    socket.on('message', (data, isBinary) => {
      const frame = decodeFrame(bytesOf(data), isBinary);
      if (frame !== undefined) void answer(options, rooms, feed, client, frame).catch((error: unknown) => options.log(`realtime ${options.ref}: ${String(error)}`));
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      for (const channel of client.channels.values()) rooms.remove(channel);
      client.channels.clear();
      feed.settle();
    });
  };
  return {
    attach: (server) => {
      server.on('upgrade', (request, stream, head) => {
        const keyClaims = admit(options, request);
        if ('status' in keyClaims) return refuse(stream, keyClaims.status);
        sockets.handleUpgrade(request, stream, head, (socket) => connect(socket, request, keyClaims.claims));
      });
    },
    broadcast: (topic, event, payload) => rooms.broadcast(`realtime:${topic}`, { type: 'broadcast', event, payload }),
    streaming: () => feed.streaming(),
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await feed.stop();
    },
  };
}

function admit(options: RealtimeOptions, request: IncomingMessage): { readonly claims: Claims } | { readonly status: string } {
  const url = new URL(request.url ?? '/', 'http://local');
  if (!isLoopbackHost(request.headers.host)) return { status: '421 Misdirected Request' };
  if (!/^\/realtime\/v1\/(websocket)?$/.test(url.pathname)) return { status: '404 Not Found' };
  const key = url.searchParams.get('apikey') ?? [request.headers['apikey']].flat()[0] ?? '';
  const claims = claimsOfKey(options.keys(), key);
  return claims === undefined ? { status: '401 Unauthorized' } : { claims };
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function bytesOf(data: WebSocket.RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function send({ socket, version }: Client, frame: Frame): void {
  const text = encodeFrame(frame, version);
  if (text !== undefined && socket.readyState === WebSocket.OPEN) socket.send(text);
}

async function answer(options: RealtimeOptions, rooms: Rooms, feed: ChangeFeed, client: Client, frame: Frame): Promise<void> {
  const reply = (status: 'ok' | 'error', response: unknown) =>
    send(client, { joinRef: frame.joinRef, ref: frame.ref, topic: frame.topic, event: 'phx_reply', payload: { status, response } });
  if (frame.topic === 'phoenix') return frame.event === 'heartbeat' ? reply('ok', {}) : undefined;
  if (frame.event === 'phx_join') return join(options, rooms, feed, client, frame, reply);
  const channel = client.channels.get(frame.topic);
  if (channel === undefined) return reply('error', { reason: 'unmatched topic' });
  switch (frame.event) {
    case 'phx_leave':
      leave(rooms, client, channel);
      feed.settle();
      reply('ok', {});
      return channel.send({ event: 'phx_close', payload: {}, ref: channel.joinRef });
    case 'access_token':
      return renew(options, rooms, client, channel, frame);
    case 'broadcast':
      rooms.broadcast(channel.topic, frame.payload, channel);
      return channel.broadcastAck ? reply('ok', {}) : undefined;
    case 'presence':
      return presence(rooms, channel, frame, reply);
    default:
      return reply('error', { reason: `unknown event ${frame.event}` });
  }
}

type Reply = (status: 'ok' | 'error', response: unknown) => void;

async function join(options: RealtimeOptions, rooms: Rooms, feed: ChangeFeed, client: Client, frame: Frame, reply: Reply): Promise<void> {
  const parsed = joinPayload.safeParse(frame.payload);
  if (!parsed.success) return reply('error', { reason: `InvalidJoinPayload: ${z.prettifyError(parsed.error)}` });
  const { config, access_token: token } = parsed.data;
  const claims = await claimsFor(options, client, token);
  if ('problem' in claims) return reply('error', { reason: claims.problem });
  if (config.private === true) return reply('error', { reason: 'PrivateOnly: private channels are not emulated by the local cloud' });
  const changes = subscriptions(config.postgres_changes ?? []);
  if (changes === undefined) return reply('error', { reason: 'Error parsing `filter` params: expected column=operator.value' });

  const earlier = client.channels.get(frame.topic);
  if (earlier !== undefined) {
    leave(rooms, client, earlier);
    earlier.send({ event: 'phx_close', payload: {}, ref: earlier.joinRef });
  }
  const channel = channelOf(client, frame, claims.claims, changes, config);
  client.channels.set(frame.topic, channel);
  rooms.add(channel);
  if (changes.length > 0) {
    try {
      await feed.start();
    } catch (error) {
      leave(rooms, client, channel);
      options.log(`realtime ${options.ref}: ${String(error)}`);
      return reply('error', { reason: 'UnableToConnectToProject: Realtime was unable to connect to the project database' });
    }
  }
  const echoed = (config.postgres_changes ?? []).map((wanted, index) => ({ id: changes[index]?.id, ...wanted }));
  reply('ok', { postgres_changes: echoed });
  if (channel.presenceEnabled) channel.send({ event: 'presence_state', payload: rooms.presence(channel.topic) });
  if (changes.length > 0) channel.send({ event: 'system', payload: systemNote(channel, 'ok', 'Subscribed to PostgreSQL', 'postgres_changes') });
}

function channelOf(client: Client, frame: Frame, claims: Claims, changes: readonly ChangeSubscription[], config: z.infer<typeof joinPayload>['config']): Channel {
  const presenceKey = config.presence?.key ?? '';
  return {
    topic: frame.topic,
    joinRef: frame.joinRef,
    claims,
    changes,
    broadcastSelf: config.broadcast?.self === true,
    broadcastAck: config.broadcast?.ack === true,
    // Clients before 2.50 do not say whether they listen: they do.
    presenceEnabled: config.presence?.enabled !== false,
    presenceKey: presenceKey === '' ? randomUUID() : presenceKey,
    presence: undefined,
    send: ({ event, payload, ref = null }) => send(client, { joinRef: event === 'broadcast' ? null : frame.joinRef, ref, topic: frame.topic, event, payload }),
  };
}

function leave(rooms: Rooms, client: Client, channel: Channel): void {
  client.channels.delete(channel.topic);
  rooms.remove(channel);
}

function subscriptions(wanted: readonly { readonly event: string; readonly schema?: string | undefined; readonly table?: string | undefined; readonly filter?: string | undefined }[]): readonly ChangeSubscription[] | undefined {
  const found: ChangeSubscription[] = [];
  for (const { event, schema, table, filter } of wanted) {
    const filters = parseFilter(filter);
    if (filters === undefined) return undefined;
    found.push({ id: randomInt(1, 2 ** 31), event: event.toUpperCase(), schema: schema ?? 'public', table, filters });
  }
  return found;
}

async function claimsFor(options: RealtimeOptions, client: Client, token: string | null | undefined): Promise<{ readonly claims: Claims } | { readonly problem: string }> {
  if (token === null || token === undefined || token === '') return { claims: client.keyClaims };
  const keys = options.keys();
  const ofKey = claimsOfKey(keys, token);
  if (ofKey !== undefined) return { claims: ofKey };
  const checked = await checkToken(keys.jwtSecret, token);
  if ('claims' in checked) return checked;
  return { problem: checked.problem === 'expired' ? 'InvalidJWTToken: Token has expired' : 'JwtSignatureError: Failed to validate JWT signature' };
}

async function renew(options: RealtimeOptions, rooms: Rooms, client: Client, channel: Channel, frame: Frame): Promise<void> {
  const token = tokenPayload.safeParse(frame.payload).data?.access_token;
  // The client also sends what it had before, or nothing: then nothing changes.
  if (token === null || token === undefined) return;
  const claims = await claimsFor(options, client, token);
  if ('claims' in claims) {
    channel.claims = claims.claims;
    return;
  }
  expel(rooms, client, channel, claims.problem);
}

function expel(rooms: Rooms, client: Client, channel: Channel, message: string): void {
  channel.send({ event: 'system', payload: systemNote(channel, 'error', message, 'system') });
  leave(rooms, client, channel);
  channel.send({ event: 'phx_close', payload: {}, ref: channel.joinRef });
}

function systemNote(channel: Channel, status: 'ok' | 'error', message: string, extension: string) {
  return { channel: channel.topic.replace(/^realtime:/, ''), extension, message, status };
}

function presence(rooms: Rooms, channel: Channel, frame: Frame, reply: Reply): void {
  const parsed = presencePayload.safeParse(frame.payload);
  if (!parsed.success) return reply('error', { reason: 'invalid presence payload' });
  const { event, payload } = parsed.data;
  rooms.track(channel, event === 'track' ? { ...payload, phx_ref: randomUUID().slice(0, 12) } : undefined);
  return reply('ok', {});
}

/** The stream of committed changes and who gets them. */
interface ChangeFeed {
  /** Returns once the stream runs. */
  start(): Promise<void>;
  /** Ends the stream after a while when nobody subscribes any more. */
  settle(): void;
  streaming(): boolean;
  stop(): Promise<void>;
}

function changeFeed(options: RealtimeOptions, rooms: Rooms): ChangeFeed {
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
    options.log(`realtime ${options.ref}: the stream of changes broke: ${error.message}`);
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
