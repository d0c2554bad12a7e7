import type { Traffic } from './traffic/traffic.ts';

/** An operating-system account that servers or deployed functions run as when the local cloud itself runs as root. */
export interface Account {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
}

/** Gives each name a free loopback port and keeps it over restarts. */
export interface PortBook {
  /** Returns the port of this name, choosing a free one the first time. */
  port(name: string): Promise<number>;
}

/** What every part of the local cloud is given. */
export interface ServiceContext {
  /** Folder of this service's own durable state; mode 0700, ours alone. */
  readonly stateDir: string;
  /** Folder that the unprivileged accounts can enter (never below a 0700 folder): database files, sockets, deployed apps. */
  readonly sharedDir: string;
  /** Runs database servers when we are root; undefined when we are not (then they run as ourselves). */
  readonly serverAccount: Account | undefined;
  /** Runs builds and deployed functions when we are root; undefined when we are not. */
  readonly functionAccount: Account | undefined;
  readonly ports: PortBook;
  /** Writes one line to the cloud's log (no secrets). */
  log(line: string): void;
  /** Writes down a child process, so that the next start ends it if this process is killed before it could. */
  recordChild?(pid: number, what: string): void;
  /** What requests to interfaces of projects and databases pass; without it they are neither counted nor met by faults. */
  readonly traffic?: Traffic | undefined;
}

/** What answers web requests: a hono application. `env` holds the Node request (`HttpBindings` of @hono/node-server). */
export interface FetchApp {
  fetch(request: Request, env?: object): Response | Promise<Response>;
}

/** An emulated vendor: its HTTP interface (served by `cloud.ts` on the vendor's own loopback port) and its end. */
export interface LocalService {
  readonly name: 'vercel' | 'supabase' | 'upstash' | 'clerk' | 'clerk-production' | 'slack' | 'sentry' | 'github' | 'dns';
  /** Serves the vendor's public API; checks token and Host header itself. */
  readonly app: FetchApp;
  /** Ends everything that the service started. */
  stop(): Promise<void>;
}
