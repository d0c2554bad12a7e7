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

/** Told of each answer that a service gives to a request, before it is sent. */
export type AnswerObserver = (service: LocalService['name'], request: Request, response: Response) => Promise<void> | void;

/** Serves a service on a loopback port and counts every request in the ledger. */
export async function serveApp(
  service: Pick<LocalService, 'name' | 'app'>,
  port: number,
  ledger: Ledger,
  onAnswer?: AnswerObserver,
): Promise<ServedApp> {
  const answer = async (request: Request, env: object) => {
    const response = await service.app.fetch(request, env);
    await onAnswer?.(service.name, request, response);
    return response;
  };
  const fetched = onAnswer ? answer : (request: Request, env: object) => service.app.fetch(request, env);
  const listener = getRequestListener(fetched, { overrideGlobalObjects: false });
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
