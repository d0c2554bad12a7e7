import { createServer, type Server } from 'node:http';

/** A loopback server with an injected delay and errors. */
export interface DelayedServer {
  readonly origin: string;
  /** Requests answered so far. */
  answered(): number;
  /** Headers of the last request. */
  lastHeaders(): Readonly<Record<string, string | string[] | undefined>>;
  close(): Promise<void>;
}

/** Answers after `delayMs`; every `errorEvery`-th answer is a 500 (0: none). */
export async function delayedServer(options: { readonly delayMs: number; readonly errorEvery: number }): Promise<DelayedServer> {
  let count = 0;
  let headers: DelayedServer extends { lastHeaders(): infer Headers } ? Headers : never = {};
  const server = createServer((request, response) => {
    request.resume();
    headers = request.headers;
    setTimeout(() => {
      count += 1;
      const failing = options.errorEvery > 0 && count % options.errorEvery === 0;
      response.writeHead(failing ? 500 : 200, { 'content-type': 'application/json' });
      response.end('{"ok":true}');
    }, options.delayMs);
  });
  await listen(server);
  return { origin: originOf(server), answered: () => count, lastHeaders: () => headers, close: () => closeServer(server) };
}

/** Starts a server on a free loopback port. */
export function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
}

/** Returns the origin of a listening server. */
export function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port.');
  return `http://127.0.0.1:${address.port}`;
}

/** Ends a server and all its connections. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
