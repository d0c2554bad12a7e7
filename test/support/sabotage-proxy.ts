import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';

/** Answers a request itself, or changes what the app answered; a path that is not among them goes through as it is. */
export interface Sabotage {
  /** Answers instead of the app. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Changes the app's answer. */
  readonly change?: (answer: { status: number; headers: Record<string, string | string[] | undefined>; body: string }) => void;
  /** Answers an upgrade request instead of the app. */
  readonly upgrade?: (socket: Socket) => void;
}

/** A proxy in front of the app, whose answers can be sabotaged path by path. */
export interface SabotageProxy {
  readonly url: string;
  /** By `METHOD /path`, `/path` for every method, or `*` for all. */
  sabotage: Readonly<Record<string, Sabotage>>;
  close(): Promise<void>;
}

/** Starts a proxy to the app at the address that `app` says when a request comes. */
export async function startSabotageProxy(app: () => string): Promise<SabotageProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const found = sabotageOf(proxy, request);
    if (found?.answer !== undefined) found.answer(request, response);
    else pass(app(), request, response, found?.change);
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const found = sabotageOf(proxy, request);
    if (found?.upgrade === undefined) tunnel(app(), request, socket, head);
    else found.upgrade(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const proxy: SabotageProxy = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    sabotage: {},
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

function sabotageOf({ sabotage }: SabotageProxy, { method, url = '/' }: IncomingMessage): Sabotage | undefined {
  const path = url.split('?')[0] ?? '/';
  return sabotage[`${method} ${path}`] ?? sabotage[path] ?? sabotage['*'];
}

function pass(app: string, request: IncomingMessage, response: ServerResponse, change: Sabotage['change']): void {
  const { hostname, port } = new URL(app);
  const headers = { ...request.headers, 'accept-encoding': 'identity' };
  const onward = send({ hostname, port, method: request.method, path: request.url, headers }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const changed = { status: answer.statusCode ?? 502, headers: { ...answer.headers }, body: Buffer.concat(chunks).toString('utf8') };
      change?.(changed);
      const { 'content-length': _length, 'transfer-encoding': _encoding, ...kept } = changed.headers;
      response.writeHead(changed.status, Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)));
      response.end(changed.status === 204 ? undefined : changed.body);
    });
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

function tunnel(app: string, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { hostname, port } = new URL(app);
  const onward = connect(Number(port), hostname, () => {
    const lines = request.rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${request.rawHeaders[index + 1]}`] : []));
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
}
