import { spawn } from 'node:child_process';
import { mkdir, open, readFile, realpath, rm } from 'node:fs/promises';

import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorKind } from '../core/errors.ts';
import { StagingError } from '../core/errors.ts';
import type { LocalEndpoints, LocalStatus } from '../core/local/endpoints.ts';
import type { Engines } from './engines.ts';
import { endpointsFile, failureFile, lockFile, logFile } from './files.ts';
import { readJson } from './json-file.ts';
import { lockHolder } from './process-lock.ts';
import type { ProcessMark } from './processes.ts';
import { endAll, isAlive, leftChildren, markOf } from './processes.ts';
import type { ProductionModel } from './production-world.ts';
import type { Published } from './publication.ts';
import { sideEnv } from './side-env.ts';
import { supabaseProfileFile } from './supabase-profile.ts';

/** How a local cloud is found and, where there is none, started. */
export interface EnsureOptions {
  /** Folder of all durable state, such as `.jv-staging/local`. */
  readonly stateDir: string;
  /** The daemon's entry: `dist/local-daemon.js`, or `src/local/daemon.ts` from source. */
  readonly entry: string;
  /** Arguments by which Node finds the daemon's packages; none when they lie beside it. */
  readonly nodeArguments?: readonly string[] | undefined;
  /** The Node that runs it; our own by default. */
  readonly nodePath?: string | undefined;
  readonly engines?: Engines | undefined;
  /** What the production beside staging is made like, the first time. */
  readonly production?: ProductionModel | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long a start may take, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Returns where the local cloud answers, starting it first when it does not run. Waits for a start that is already under way.
 * Throws `LOCAL_START_IN_PROGRESS` (locked) when such a start does not end in time, `LOCAL_START_FAILED` and the engines' own
 * errors when it cannot start.
 */
export async function ensureCloud(options: EnsureOptions): Promise<LocalEndpoints> {
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
  const stateDir = await realpath(options.stateDir);
  const deadline = Date.now() + (options.timeoutMs ?? 90_000);
  const own: { daemon?: Started | undefined } = {};
  try {
    const endpoints = await untilRunning(stateDir, options, own, deadline);
    if (endpoints.pid === own.daemon?.pid) own.daemon = undefined;
    return endpoints;
  } finally {
    // Another start won, or ours did not come up: a daemon that is still on its way must not start later, unwatched.
    await own.daemon?.end();
  }
}

async function untilRunning(
  stateDir: string,
  options: EnsureOptions,
  own: { daemon?: Started | undefined },
  deadline: number,
): Promise<LocalEndpoints> {
  for (;;) {
    options.signal?.throwIfAborted();
    const running = await findRunning(stateDir);
    if (running && (await statusOf(running))) return running;
    const holder = await lockHolder(lockFile(stateDir));
    const exitCode = own.daemon?.exitCode();
    if (exitCode !== undefined && !holder) {
      // 7: another daemon held the lock when ours came; it has ended since, so ours is tried again.
      if (exitCode !== 7) throw await failureOf(stateDir);
      own.daemon = undefined;
    }
    if (!own.daemon && !holder) own.daemon = await startDaemon(stateDir, options);
    if (Date.now() > deadline) throw startInProgress(stateDir, holder);
    await sleep(25);
  }
}

interface Started {
  readonly pid: number | undefined;
  exitCode(): number | undefined;
  /** Ends it unless it has ended, and waits for that. */
  end(): Promise<void>;
}

async function startDaemon(stateDir: string, options: EnsureOptions): Promise<Started> {
  await rm(failureFile(stateDir), { force: true });
  const log = await open(logFile(stateDir), 'a', 0o600);
  try {
    const searchPath = options.engines?.searchPath ?? defaultPath;
    const child = spawn(
      options.nodePath ?? process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        ...(options.nodeArguments ?? []),
        options.entry,
        '--state-dir',
        stateDir,
        '--engines',
        JSON.stringify({ ...options.engines, searchPath }),
        ...(options.production === undefined ? [] : ['--production', JSON.stringify(options.production)]),
      ],
      // An environment of its own: no credential of ours reaches the local cloud.
      { cwd: stateDir, env: { PATH: searchPath, LANG: 'C.UTF-8', TZ: 'UTC' }, detached: true, stdio: ['ignore', log.fd, log.fd] },
    );
    let code: number | undefined;
    child.once('exit', (exitCode) => (code = exitCode ?? 1));
    child.once('error', () => (code = 1));
    child.unref();
    const mark = child.pid === undefined ? undefined : markOf(child.pid);
    return { pid: child.pid, exitCode: () => code, end: () => endAll(mark ? [mark] : [], 15_000) };
  } finally {
    await log.close();
  }
}

async function findRunning(stateDir: string): Promise<LocalEndpoints | undefined> {
  const published = await readJson<Published>(endpointsFile(stateDir));
  if (!published || !isAlive(published.process)) return undefined;
  const { process: _process, ...endpoints } = published;
  return endpoints;
}

async function failureOf(stateDir: string): Promise<StagingError> {
  const told = await readJson<{ readonly kind: ErrorKind; readonly code: string; readonly message: string; readonly fix?: string }>(
    failureFile(stateDir),
  );
  if (told)
    return new StagingError(told.kind === 'bug' ? 'vendor' : told.kind, told.code, told.message, {
      fix: told.fix ?? `Read ${logFile(stateDir)}.`,
    });
  const log = await readFile(logFile(stateDir), 'utf8').catch(() => '');
  const last = log.trimEnd().split('\n').slice(-3).join(' | ');
  return new StagingError('vendor', 'LOCAL_START_FAILED', `The local cloud ended while it started. Its log ends with: ${last}`, {
    fix: `Read ${logFile(stateDir)}.`,
  });
}

function startInProgress(stateDir: string, holder: ProcessMark | undefined): StagingError {
  const who = holder ? `process ${holder.pid}` : 'a process of ours';
  return new StagingError(
    'locked',
    'LOCAL_START_IN_PROGRESS',
    `The local cloud in ${stateDir} is being started by ${who} and is not ready yet.`,
    {
      fix: 'Wait for the other start, or run `jv-staging local stop` and then this command again.',
    },
  );
}

/** Ends the local cloud and all its children; returns false when none ran. Throws `LOCAL_STOP_FAILED` when it lives on. */
export async function stopCloud(options: { readonly stateDir: string; readonly timeoutMs?: number | undefined }): Promise<boolean> {
  const stateDir = await realpath(options.stateDir).catch(() => undefined);
  if (stateDir === undefined) return false;
  const published = await readJson<Published>(endpointsFile(stateDir));
  const daemon = published && isAlive(published.process) ? published.process : await lockHolder(lockFile(stateDir));
  if (published && daemon) await askToStop(published);
  if (daemon) await waitForEnd(daemon, published ? (options.timeoutMs ?? 15_000) : 0);
  if (daemon) await endAll([daemon], 5_000);
  if (daemon && isAlive(daemon))
    throw new StagingError('vendor', 'LOCAL_STOP_FAILED', `Process ${daemon.pid} of the local cloud does not end.`);
  await endAll(await leftChildren(stateDir), 3_000);
  await rm(endpointsFile(stateDir), { force: true });
  return daemon !== undefined;
}

async function askToStop({ control }: LocalEndpoints): Promise<void> {
  const headers = { authorization: `Bearer ${control.token}` };
  await fetch(`${control.url}/_local/stop`, { method: 'POST', headers, signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
}

async function waitForEnd(daemon: ProcessMark, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(daemon) && Date.now() < deadline) await sleep(20);
}

/** Returns what runs and where. A daemon that lives but does not answer counts as running, with its services down. */
export async function cloudStatus(options: { readonly stateDir: string }): Promise<LocalStatus> {
  const stateDir = await realpath(options.stateDir).catch(() => undefined);
  const endpoints = stateDir === undefined ? undefined : await findRunning(stateDir);
  if (!endpoints) return { running: false, services: [] };
  const detail = 'The control interface does not answer.';
  return (
    (await statusOf(endpoints)) ?? { running: true, pid: endpoints.pid, services: [{ name: 'control', state: 'down', detail }], endpoints }
  );
}

/** Returns what the daemon says of itself, or undefined when it does not answer: it may be ending. */
async function statusOf({ control }: LocalEndpoints): Promise<LocalStatus | undefined> {
  const headers = { authorization: `Bearer ${control.token}` };
  try {
    const response = await fetch(`${control.url}/_local/status`, { headers, signal: AbortSignal.timeout(3_000) });
    const text = await response.text();
    const status: LocalStatus = JSON.parse(text);
    return status;
  } catch {
    return undefined;
  }
}

/** Returns what the vendors' own clients need, as environment variables. */
export function cloudEnv(endpoints: LocalEndpoints, stateDir: string): Readonly<Record<string, string>> {
  return {
    VERCEL_API_URL: endpoints.vercel.apiUrl,
    VERCEL_TOKEN: endpoints.vercel.token,
    VERCEL_ORG_ID: endpoints.vercel.teamId,
    SUPABASE_API_URL: endpoints.supabase.apiUrl,
    SUPABASE_PROFILE: supabaseProfileFile(stateDir),
    SUPABASE_ACCESS_TOKEN: endpoints.supabase.accessToken,
    UPSTASH_API_URL: endpoints.upstash.apiUrl,
    UPSTASH_EMAIL: endpoints.upstash.email,
    UPSTASH_API_KEY: endpoints.upstash.apiKey,
    JV_LOCAL_GATEWAY: `${endpoints.gateway.host}:${endpoints.gateway.port}`,
    JV_LOCAL_GATEWAY_TLS: `${endpoints.gateway.host}:${endpoints.gateway.tlsPort}`,
    JV_LOCAL_CA: endpoints.gateway.caFile,
    NODE_EXTRA_CA_CERTS: endpoints.gateway.caFile,
    ...(endpoints.beside === undefined ? {} : sideEnv(endpoints.beside)),
  };
}
