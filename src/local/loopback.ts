import { createServer, type Server } from 'node:http';
import { portTaken } from './engines/server-process.ts';
import { listenOn } from './serve-app.ts';
import type { FetchApp } from './service.ts';
import { type Door, plainListener } from './traffic/traffic.ts';

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

/** Serves the application on a port of 127.0.0.1, behind the door when there is one. Throws `LOCAL_PORT_TAKEN`. */
export async function serveLoopback(app: FetchApp, port: number, what: string, door?: Door): Promise<LoopbackServer> {
  const listener = door?.listen(app) ?? plainListener(app);
  // Clients keep connections for longer than Node's 5 s, and would meet closed ones.
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, listener);
  try {
    await listenOn(server, port);
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' ? portTaken(port, what, error) : error;
  }
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { server, url: `http://127.0.0.1:${port}`, stop };
}
