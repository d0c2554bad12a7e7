import { chmod, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalEndpoints, LocalStatus } from '../core/local-endpoints.ts';
import { findAccounts } from './accounts.ts';
import { startControl } from './control.ts';
import { openCredentials } from './credentials.ts';
import { startCronJobs } from './cron-jobs.ts';
import { dataStatus, startDataServices } from './databases.ts';
import type { Engines } from './engines.ts';
import { endpointsFile } from './files.ts';
import { startHosting } from './hosting.ts';
import { writeJson } from './json-file.ts';
import { createLedger } from './ledger.ts';
import { openPortBook } from './port-book.ts';
import { ensureProductionWorld } from './production-world.ts';
import { markOf, openChildBook } from './processes.ts';
import { serveApp } from './serve-app.ts';
import type { LocalService, ServiceContext } from './service.ts';
import { openSharedDir } from './shared-dir.ts';
import { writeSupabaseProfile } from './supabase-profile.ts';

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
  /** Writes one line to the log. */
  readonly log: (line: string) => void;
  /** Called when somebody asked the control interface to stop. */
  readonly onStopAsked: () => void;
}

/** Starts the local cloud in this process and writes `endpoints.json` once everything answers. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { log } = options;
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
  await chmod(options.stateDir, 0o700);
  const stateDir = await realpath(options.stateDir);
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    await rm(endpointsFile(stateDir), { force: true });
    for (const end of stops.toReversed()) await Promise.resolve(end()).catch((error: unknown) => log(`stop: ${String(error)}`));
  };
  try {
    return await compose(options, stateDir, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function compose(
  options: CloudOptions,
  stateDir: string,
  stops: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Cloud> {
  const { log } = options;
  const startedAt = new Date().toISOString();
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
    };
  };
  const ledger = createLedger();
  let ready = false;
  const publish = async () => {
    if (ready) await writeJson(endpointsFile(stateDir), { ...endpoints(), process: markOf(process.pid) });
  };

  const dataStarting = startDataServices(contextOf, credentials, options.engines);
  dataStarting.catch(() => undefined);
  const hosting = await startHosting(await contextOf('vercel'), credentials, () => publish());
  stops.push(() => hosting.stop());
  const data = await dataStarting;
  stops.push(
    () => data.supabase.stop(),
    () => data.upstash.stop(),
  );
  const serve = async (service: LocalService) => {
    const served = await serveApp(service, await ports.port(service.name), ledger);
    stops.push(() => served.stop());
    return served;
  };
  const [vercel, supabase, upstash] = await Promise.all([serve(hosting.vercel), serve(data.supabase), serve(data.upstash)]);
  const control = await startControl(await ports.port('control'), {
    token: credentials.controlToken,
    status: () => status(),
    ledger: () => ledger.lines(),
    onStop: options.onStopAsked,
  });
  stops.push(() => control.stop());
  stops.push(startCronJobs(hosting, log));
  await writeSupabaseProfile(stateDir, supabase.url);

  const endpoints = (): LocalEndpoints => ({
    vercel: { apiUrl: vercel.url, token: credentials.vercelToken, teamId: credentials.vercelTeamId },
    supabase: { apiUrl: supabase.url, accessToken: credentials.supabaseToken, organization: data.supabase.organization },
    upstash: { apiUrl: upstash.url, email: credentials.upstashEmail, apiKey: credentials.upstashKey },
    gateway: { host: '127.0.0.1', port: hosting.gateway.port },
    control: { url: control.url, token: credentials.controlToken },
    domains: hosting.gateway.domainPorts(),
    pid: process.pid,
  });
  const status = async (): Promise<LocalStatus> => ({
    running: true,
    pid: process.pid,
    startedAt,
    services: [{ name: 'vercel', state: 'running' }, ...(await dataStatus(data))],
    endpoints: endpoints(),
  });
  ready = true;
  await publish();
  stops.push(createProductionSoon(() => ensureProductionWorld(stateDir, hosting.vercel.app, data, credentials), log));
  return { endpoints, status, stop };
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
