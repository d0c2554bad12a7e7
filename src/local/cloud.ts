import { chmod, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalEndpoints, LocalStatus } from '../core/local/endpoints.ts';
import { findAccounts } from './accounts.ts';
import { startControl } from './control.ts';
import type { Credentials } from './credentials.ts';
import { openCredentials } from './credentials.ts';
import { startCronJobs } from './cron-jobs.ts';
import type { DataServices } from './databases.ts';
import { dataStatus, startDataServices } from './databases.ts';
import type { Engines } from './engines.ts';
import type { Hosting } from './hosting.ts';
import { startHosting } from './hosting.ts';
import { openPortBook } from './port-book.ts';
import { ensureProductionWorld, type ProductionModel } from './production-world.ts';
import { openChildBook } from './processes.ts';
import { createPublication } from './publication.ts';
import type { AnswerObserver } from './serve-app.ts';
import { serveApp } from './serve-app.ts';
import type { LocalService, PortBook, ServiceContext } from './service.ts';
import { openSharedDir } from './shared-dir.ts';
import { serveSideVendors, sideStatus, startSideVendors, stopSideVendors } from './side-vendors.ts';
import { writeSupabaseProfile } from './supabase-profile.ts';
import { projectEnvironment } from './project-environment.ts';
import { createTraffic, type Traffic } from './traffic/traffic.ts';

/** A local cloud that runs in this process. */
export interface Cloud {
  endpoints(): LocalEndpoints;
  status(): Promise<LocalStatus>;
  /** Ends every child and every server. */
  stop(): Promise<void>;
}

/** How a local cloud is started. */
export interface CloudOptions {
  /** Folder of all durable state; created with mode 0700. */
  readonly stateDir: string;
  readonly engines: Engines;
  /** What the production beside staging is made like, the first time. */
  readonly production: ProductionModel;
  /** Writes one line to the log. */
  readonly log: (line: string) => void;
  /** Called when somebody asked the control interface to stop. */
  readonly onStopAsked: () => void;
  /** Told of each answer of the vendors' interfaces, before it is sent; for tests. */
  readonly onAnswer?: AnswerObserver | undefined;
}

/** Starts the local cloud in this process and writes `endpoints.json` once everything answers. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { log } = options;
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
  await chmod(options.stateDir, 0o700);
  const stateDir = await realpath(options.stateDir);
  const ends: End[] = [];
  const stop = async () => {
    for (const end of ends.toReversed()) await Promise.resolve(end()).catch((error: unknown) => log(`stop: ${String(error)}`));
  };
  try {
    return { ...(await compose(options, stateDir, (end) => ends.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type End = () => Promise<void> | void;

async function compose(options: CloudOptions, stateDir: string, atEnd: (end: End) => void): Promise<Omit<Cloud, 'stop'>> {
  const { log } = options;
  const startedAt = new Date().toISOString();
  const traffic = createTraffic();
  const { credentials, ports, contextOf } = await openSurroundings(stateDir, traffic, log);
  const publication = createPublication(stateDir);

  const dataStarting = startDataServices(contextOf, credentials, options.engines);
  atEnd(async () => {
    const started = await dataStarting.catch(() => undefined);
    await Promise.all([started?.supabase.stop(), started?.upstash.stop()]);
  });
  const hosting = await startHosting(await contextOf('vercel'), {
    credentials,
    searchPath: options.engines.searchPath ?? '/usr/local/bin:/usr/bin:/bin',
    onDomains: () => publication.renew(),
  });
  atEnd(() => hosting.stop());
  const side = await startSideVendors(contextOf, () => Object.keys(hosting.gateway.domainPorts()));
  atEnd(() => stopSideVendors(side));
  const data = await dataStarting;
  const serve = async (service: LocalService) => {
    const served = await serveApp(service, await ports.port(service.name), traffic, options.onAnswer);
    atEnd(() => served.stop());
    return served.url;
  };
  const urls = {
    vercel: await serve(hosting.vercel),
    supabase: await serve(data.supabase),
    upstash: await serve(data.upstash),
  };
  const beside = await serveSideVendors(side, serve);
  const control = await startControl(await ports.port('control'), {
    token: credentials.controlToken,
    status: () => status(),
    traffic,
    project: (name) => projectEnvironment(name, { hosting, data, vercelToken: credentials.vercelToken }),
    onStop: options.onStopAsked,
  });
  atEnd(() => control.stop());
  atEnd(startCronJobs(hosting, log));
  await writeSupabaseProfile(stateDir, urls.supabase);

  const endpoints = () => ({ ...endpointsOf(urls, control.url, credentials, hosting, data), beside });
  const status = async (): Promise<LocalStatus> => ({
    running: true,
    pid: process.pid,
    startedAt,
    services: [{ name: 'vercel', state: 'running' }, ...(await dataStatus(data)), ...sideStatus(side)],
    endpoints: endpoints(),
  });
  atEnd(
    createProductionSoon(
      () => ensureProductionWorld({ stateDir, vercel: hosting.vercel.app, data, credentials, model: options.production, log }),
      log,
    ),
  );
  atEnd(() => publication.withdraw());
  await publication.begin(endpoints);
  return { endpoints, status };
}

interface Surroundings {
  readonly credentials: Credentials;
  readonly ports: PortBook;
  readonly contextOf: (name: string) => Promise<ServiceContext>;
}

async function openSurroundings(stateDir: string, traffic: Traffic, log: (line: string) => void): Promise<Surroundings> {
  const [accounts, sharedDir, ports, children, credentials] = await Promise.all([
    findAccounts(),
    openSharedDir(stateDir),
    openPortBook(stateDir),
    openChildBook(stateDir, log),
    openCredentials(stateDir),
  ]);
  const contextOf = async (name: string): Promise<ServiceContext> => {
    const own = { stateDir: join(stateDir, name), sharedDir: join(sharedDir, name) };
    await mkdir(own.stateDir, { recursive: true, mode: 0o700 });
    await mkdir(own.sharedDir, { recursive: true, mode: 0o711 });
    return {
      ...own,
      serverAccount: accounts.server,
      functionAccount: accounts.function,
      ports,
      log: (line) => log(`${name}: ${line}`),
      recordChild: (pid, what) => children.record(pid, what),
      traffic,
    };
  };
  return { credentials, ports, contextOf };
}

function endpointsOf(
  urls: { readonly vercel: string; readonly supabase: string; readonly upstash: string },
  controlUrl: string,
  credentials: Credentials,
  hosting: Hosting,
  data: DataServices,
): LocalEndpoints {
  return {
    vercel: { apiUrl: urls.vercel, token: credentials.vercelToken, teamId: credentials.vercelTeamId },
    supabase: { apiUrl: urls.supabase, accessToken: credentials.supabaseToken, organization: data.supabase.organization },
    upstash: { apiUrl: urls.upstash, email: credentials.upstashEmail, apiKey: credentials.upstashKey },
    gateway: { host: '127.0.0.1', port: hosting.gateway.port, tlsPort: hosting.gateway.tlsPort, caFile: hosting.caFile },
    control: { url: controlUrl, token: credentials.controlToken },
    domains: hosting.gateway.domainPorts(),
    pid: process.pid,
  };
}

/** Creates the production world a little later: it takes about a second the first time, and nobody needs it at once. */
function createProductionSoon(create: () => Promise<unknown>, log: (line: string) => void): () => Promise<void> {
  let creation: Promise<unknown> = Promise.resolve();
  const timer = setTimeout(() => {
    creation = create().catch((error: unknown) => log(`production world: ${String(error)}`));
  }, 2_000);
  return async () => {
    clearTimeout(timer);
    await creation;
  };
}
