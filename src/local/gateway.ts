import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Authority } from './authority.ts';
import { answerAtWall, passesWall } from './login-wall.ts';
import { answerError } from './runtime/error-page.ts';
import type { Runtime } from './runtime/runtime.ts';
import { refuseUpgrade } from './runtime/upgrade.ts';
import type { PortBook } from './service.ts';
import type { HostRedirect, HostTarget } from './vercel/vercel.ts';

/** Answers for every deployment and domain: on one port (and one with TLS) by Host header, and on one port for each project domain. */
export interface Gateway {
  readonly port: number;
  /** Speaks https and wss, with a certificate for the name that the client asks for. */
  readonly tlsPort: number;
  /** Opens the ports of new domains and closes those of removed ones; says whether there were any. */
  refresh(): Promise<boolean>;
  /** Returns the open ports by domain. */
  domainPorts(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** What the gateway asks. */
export interface GatewayOptions {
  readonly runtime: Runtime;
  readonly ports: PortBook;
  readonly authority: Authority;
  readonly resolve: (host: string) => HostTarget | undefined;
  readonly redirect: (host: string) => HostRedirect | undefined;
  readonly domains: () => readonly string[];
  log(line: string): void;
}

/** Starts the gateway. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const main = createDoor(options);
  const port = await listen(main, options.ports, 'gateway');
  const secure = createTlsDoor(options);
  const tlsPort = await listen(secure, options.ports, 'gateway-tls');
  const doors = new Map<string, { readonly server: Server; readonly port: number }>();

  const refreshNow = async () => {
    const wanted = new Set(options.domains());
    const before = [...doors.keys()].join(' ');
    for (const [domain, door] of doors) {
      if (wanted.has(domain)) continue;
      doors.delete(domain);
      close(door.server);
    }
    for (const domain of wanted) {
      if (doors.has(domain)) continue;
      const server = createDoor(options, domain);
      doors.set(domain, { server, port: await listen(server, options.ports, `domain:${domain}`) });
    }
    return before !== [...doors.keys()].join(' ');
  };
  let turn: Promise<boolean> = Promise.resolve(false);
  return {
    port,
    tlsPort,
    refresh: async () => {
      turn = turn.catch(() => false).then(refreshNow);
      return await turn;
    },
    domainPorts: () => Object.fromEntries([...doors].map(([domain, door]) => [domain, door.port])),
    stop: async () => {
      await turn.catch(() => undefined);
      for (const server of [main, secure, ...[...doors.values()].map((door) => door.server)]) close(server);
    },
  };
}

const serverOptions = { keepAliveTimeout: 60_000, requestTimeout: 0, maxHeaderSize: 64 * 1024 };

/** Returns a server for the host that requests name, or for the one host given. */
function createDoor(options: GatewayOptions, only?: string): Server {
  return answering(createServer(serverOptions), options, only);
}

/** Returns a TLS server. A name that nothing is served under has no certificate: the handshake fails, as it does at the vendor. */
function createTlsDoor(options: GatewayOptions): TlsServer {
  const contextFor = async (host: string): Promise<SecureContext> => {
    const isServed = host === 'localhost' || options.resolve(host) !== undefined || options.domains().includes(host);
    if (!isServed) throw new Error(`Nothing is served under ${host}.`);
    return await options.authority.contextFor(host);
  };
  const server = createTlsServer({
    ...serverOptions,
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => void handOver(contextFor(name.toLowerCase()), done),
  });
  return answering(server, options);
}

async function handOver(making: Promise<SecureContext>, done: (error: Error | null, context?: SecureContext) => void): Promise<void> {
  const made = await making.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (made instanceof Error) done(made);
  else done(null, made);
}

function answering<Door extends Server | TlsServer>(server: Door, options: GatewayOptions, only?: string): Door {
  const nameOf = (request: IncomingMessage) => only ?? hostOf(request);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const host = nameOf(request);
    const redirect = options.redirect(host);
    const target = options.resolve(host);
    if (redirect) answerError(request, response, redirect.status, { location: `https://${redirect.host}${request.url ?? '/'}` });
    else if (!target) answerError(request, response, 404, {}, 'DEPLOYMENT_NOT_FOUND');
    else if (target.wall && answerAtWall(target.wall, host, request, response)) return;
    else if (!target.ready) answerError(request, response, 503, {}, 'DEPLOYMENT_NOT_READY');
    else options.runtime.serve({ id: target.deploymentId, env: target.env }, request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const host = nameOf(request);
    const target = options.resolve(host);
    if (target?.wall && !passesWall(target.wall, host, request)) refuseUpgrade(socket, '401 Unauthorized');
    else if (target?.ready) options.runtime.upgrade({ id: target.deploymentId, env: target.env }, request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nx-vercel-error: DEPLOYMENT_NOT_FOUND\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return server;
}

function hostOf(request: IncomingMessage): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

async function listen(server: Server | TlsServer, ports: PortBook, name: string): Promise<number> {
  const port = await ports.port(name);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 4096, resolve);
  });
  return port;
}

function close(server: Server | TlsServer): void {
  server.close();
  server.closeAllConnections();
}
