import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { portTaken } from './engines/server-process.ts';

/** Anything that answers web requests. */
export interface Answering {
  fetch(request: Request): Response | Promise<Response>;
}

/**
 * Returns true when the Host header names loopback. Others are refused: a page of the web whose name was made to resolve to 127.0.0.1
 * must not reach a local interface.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '');
}

/** A server on loopback. */
export interface LoopbackServer {
  readonly server: Server;
  readonly url: string;
  /** Ends it with all its connections. */
  stop(): Promise<void>;
}

/** Serves the application on a port of 127.0.0.1. Throws `LOCAL_PORT_TAKEN`. */
export async function serveLoopback(app: Answering, port: number, what: string): Promise<LoopbackServer> {
  const server = createAdaptorServer({ fetch: (request) => app.fetch(request), overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject('code' in error && error.code === 'EADDRINUSE' ? portTaken(port, what, error) : error));
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  // createAdaptorServer may make HTTP/2 servers; without options it makes a plain one.
  if (!('closeAllConnections' in server)) throw new Error('An HTTP/1 server was expected.');
  return { server, url: `http://127.0.0.1:${port}`, stop };
}
