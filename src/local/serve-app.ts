import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Ledger } from './ledger.ts';
import type { LocalService } from './service.ts';

/** A service's HTTP interface, served. */
export interface ServedApp {
  readonly url: string;
  stop(): void;
}

/** Serves a service on a loopback port and counts every request in the ledger. */
export async function serveApp(service: Pick<LocalService, 'name' | 'app'>, port: number, ledger: Ledger): Promise<ServedApp> {
  const listener = getRequestListener((request, env) => service.app.fetch(request, env), { overrideGlobalObjects: false });
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request: IncomingMessage, response: ServerResponse) => {
    ledger.watch(service.name, request, response);
    void listener(request, response);
  });
  await listenOn(server, port);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Listens on a port of 127.0.0.1; rejects when it cannot. */
export async function listenOn(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 4096, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
