import { getRequestListener } from '@hono/node-server';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { FetchApp, LocalService, ServiceContext } from '../../src/local/service.ts';
import { testContext } from './service-context.ts';

/** A small emulated vendor of a test's own, served on a loopback port. */
export interface TestVendor<Service extends LocalService> {
  service(): Service;
  url(): string;
  /** Ends it and starts it again over the same folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a small vendor in a temporary folder. */
export async function startTestVendor<Service extends LocalService>(
  start: (context: ServiceContext) => Promise<Service>,
): Promise<TestVendor<Service>> {
  const place = await testContext();
  const open = async (context: ServiceContext) => {
    const service = await start(context);
    return { service, served: await serve(service.app, await context.ports.port(service.name)) };
  };
  let running = await open(place.context);
  const end = async () => {
    running.served.stop();
    await running.service.stop();
  };
  return {
    service: () => running.service,
    url: () => running.served.url,
    restart: async () => {
      await end();
      running = await open(await place.again());
    },
    stop: async () => {
      await end();
      await place.remove();
    },
  };
}

/** Serves an emulated vendor's interface on this port of 127.0.0.1. */
export async function serve(app: FetchApp, port: number): Promise<{ readonly url: string; stop(): void }> {
  const listener = getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
