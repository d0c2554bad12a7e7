import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { LocalService } from './service.ts';
import type { Traffic } from './traffic/traffic.ts';

/** A service's HTTP interface, served. */
export interface ServedApp {
  readonly url: string;
  stop(): void;
}

/** Told of each answer that a service gives to a request, before it is sent. */
export type AnswerObserver = (service: LocalService['name'], request: Request, response: Response) => Promise<void> | void;

/** Serves a vendor's API on a loopback port; every request passes the traffic. */
export async function serveApp(
  service: Pick<LocalService, 'name' | 'app'>,
  port: number,
  traffic: Traffic,
  onAnswer?: AnswerObserver,
): Promise<ServedApp> {
  const door = traffic.door(
    { service: service.name, part: 'API' },
    onAnswer && ((request, response) => onAnswer(service.name, request, response)),
  );
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, door.listen(service.app));
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
