import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { isLoopbackHost } from '../../loopback.ts';
import type { Cluster } from '../cluster.ts';
import { claimsOfKey, type Claims, type ProjectKeys } from '../keys.ts';
import { changeFeed } from './change-feed.ts';
import { openRooms } from './channel.ts';
import { decodeFrame, encodeFrame, type Frame } from './frames.ts';
import { openSession } from './session.ts';

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

/** Largest message taken, as the hosted platform's (supabase.com/docs/guides/realtime/quotas, read 2026-11-22). */
const maxMessageBytes = 3 * 1024 * 1024;

/** Returns Realtime for a project: channels at once, the stream of changes at the first subscription to them. */
export function openRealtime(options: RealtimeOptions): Realtime {
  const rooms = openRooms();
  const log = (line: string) => options.log(`realtime ${options.ref}: ${line}`);
  const feed = changeFeed({ ref: options.ref, cluster: options.cluster, log }, rooms);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  const connect = (socket: WebSocket, request: IncomingMessage, keyClaims: Claims) => {
    const version = addressOf(request).searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
    const send = (frame: Frame) => {
      const text = encodeFrame(frame, version);
      if (text !== undefined && socket.readyState === WebSocket.OPEN) socket.send(text);
    };
    const session = openSession({ rooms, feed, keys: options.keys, keyClaims, send, log });
    socket.on('message', (data, isBinary) => {
      const frame = decodeFrame(bytesOf(data), isBinary);
      if (frame !== undefined) void session.receive(frame).catch((error: unknown) => log(String(error)));
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => session.close());
  };
  return {
    attach: (server) => {
      server.on('upgrade', (request, stream, head) => {
        const admitted = admit(options, request);
        if ('status' in admitted) return refuse(stream, admitted.status);
        sockets.handleUpgrade(request, stream, head, (socket) => connect(socket, request, admitted.claims));
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
  const url = addressOf(request);
  if (!isLoopbackHost(request.headers.host)) return { status: '421 Misdirected Request' };
  if (!/^\/realtime\/v1\/(websocket)?$/.test(url.pathname)) return { status: '404 Not Found' };
  const key = url.searchParams.get('apikey') ?? [request.headers['apikey']].flat()[0] ?? '';
  const claims = claimsOfKey(options.keys(), key);
  return claims === undefined ? { status: '401 Unauthorized' } : { claims };
}

function addressOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://local');
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function bytesOf(data: WebSocket.RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
