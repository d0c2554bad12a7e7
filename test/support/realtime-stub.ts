import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a stub of a Supabase project's gateway gets wrong; by default nothing. */
export interface RealtimeFaults {
  /** The join's reply: refused, or never sent. */
  readonly join?: 'error' | 'silent';
  /** The system message after the join: an error, or never sent. */
  readonly system?: 'error' | 'silent';
  /** The event of an insert: before the insert's own answer, of another row, or never. */
  readonly event?: 'early' | 'other-row' | 'silent';
  /** Status that inserts or deletes are refused with. */
  readonly insertStatus?: number;
  readonly deleteStatus?: number;
  /** Inserts are never answered. */
  readonly insertHangs?: boolean;
  /** Milliseconds between the storing of a row and the insert's answer. */
  readonly insertAnswerDelayMs?: number;
  /** The socket is cut right after the join. */
  readonly cut?: boolean;
  /** Socket upgrades are refused with this status. */
  readonly upgradeStatus?: number;
}

/** A running stub, and what it holds. */
export interface RealtimeStub {
  readonly url: string;
  readonly rows: Map<string, Readonly<Record<string, unknown>>>;
  /** Access tokens and keys that came with joins and inserts. */
  readonly tokens: string[];
  /** Sockets that are open now. */
  sockets(): number;
  close(): Promise<void>;
}

/** A frame of the protocol as a client sends it. */
type Frame = readonly [
  string,
  string,
  string,
  string,
  { readonly access_token?: string; readonly config?: { readonly postgres_changes?: object[] } },
];

/**
 * Starts a stub that speaks just enough of PostgREST and of Realtime's protocol 2.0.0 (arrays of join_ref, ref, topic, event,
 * payload, as realtime-js 2.119 sends them) to be got wrong on purpose. The real thing is tested against the local cloud.
 */
export async function startRealtimeStub(faults: RealtimeFaults = {}): Promise<RealtimeStub> {
  const rows = new Map<string, Readonly<Record<string, unknown>>>();
  const tokens: string[] = [];
  const topics = new Map<WebSocket, string>();
  const duplexes = new Set<Duplex>();

  const tell = (table: string, record: object) => {
    for (const [socket, topic] of topics) {
      const data = { schema: 'public', table, commit_timestamp: '2026-11-22T00:00:00Z', type: 'INSERT', columns: [], record, errors: null };
      socket.send(JSON.stringify([null, null, topic, 'postgres_changes', { ids: [1], data }]));
    }
  };
  const server = createServer((request, response) => {
    const address = new URL(request.url ?? '/', 'http://stub');
    const table = address.pathname.split('/').at(-1) ?? '';
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const answer = (status: number, json: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      };
      const refuse = (status: number) =>
        answer(status, { code: '42501', message: `new row violates row-level security policy for table "${table}"` });
      if (request.method === 'DELETE') {
        const id = address.searchParams.get('id')?.replace('eq.', '') ?? '';
        const found = rows.get(id);
        if (faults.deleteStatus === undefined) rows.delete(id);
        if (faults.deleteStatus === undefined) answer(200, found === undefined ? [] : [found]);
        else refuse(faults.deleteStatus);
        return;
      }
      tokens.push(`${String(request.headers['apikey'])} ${String(request.headers.authorization)}`);
      if (faults.insertHangs === true) return;
      if (faults.insertStatus !== undefined) {
        refuse(faults.insertStatus);
        return;
      }
      const values: unknown = JSON.parse(body);
      const row = { id: randomUUID(), ...(typeof values === 'object' ? values : {}) };
      rows.set(row.id, row);
      const event = faults.event === 'other-row' ? { ...row, id: randomUUID() } : row;
      if (faults.event === 'early') tell(table, event);
      setTimeout(() => answer(201, [row]), faults.insertAnswerDelayMs ?? 0);
      if (faults.event === undefined || faults.event === 'other-row') setTimeout(() => tell(table, event), 20);
    });
  });
  const socketServer = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, duplex, head) => {
    duplexes.add(duplex);
    duplex.on('close', () => duplexes.delete(duplex));
    duplex.on('error', () => undefined);
    if (faults.upgradeStatus !== undefined) {
      duplex.end(`HTTP/1.1 ${faults.upgradeStatus} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    socketServer.handleUpgrade(request, duplex, head, (socket) => {
      socket.on('close', () => topics.delete(socket));
      socket.on('message', (message: Buffer) => answerFrame(socket, message.toString()));
    });
  });
  const answerFrame = (socket: WebSocket, frame: string): void => {
    const [joinRef, ref, topic, event, payload]: Frame = JSON.parse(frame);
    const send = (...message: readonly unknown[]) => socket.send(JSON.stringify(message));
    const reply = (status: string, response: object) => send(joinRef, ref, topic, 'phx_reply', { status, response });
    if (event !== 'phx_join') {
      reply('ok', {});
      return;
    }
    tokens.push(`join ${payload.access_token}`);
    if (faults.join === 'error') reply('error', { reason: 'RealtimeDisabledForConfiguration: Realtime was unable to connect' });
    if (faults.join !== undefined) return;
    topics.set(socket, topic);
    reply('ok', { postgres_changes: (payload.config?.postgres_changes ?? []).map((change, index) => ({ id: index + 1, ...change })) });
    if (faults.cut === true) setTimeout(() => socket.terminate(), 20);
    if (faults.cut === true || faults.system === 'silent') return;
    const status = faults.system ?? 'ok';
    const message = status === 'ok' ? 'Subscribed to PostgreSQL' : 'Unable to subscribe to changes with given parameters';
    setTimeout(() => send(joinRef, null, topic, 'system', { extension: 'postgres_changes', status, message, channel: topic }), 20);
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    rows,
    tokens,
    sockets: () => duplexes.size,
    close: async () => {
      for (const duplex of duplexes) duplex.destroy();
      socketServer.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
