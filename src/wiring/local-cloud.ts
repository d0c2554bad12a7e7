import { join, relative, resolve } from 'node:path';
import { parseDuration } from '../config/duration.ts';
import { StagingError } from '../core/errors.ts';
import type { LocalEndpoints, LocalStatus } from '../core/local/endpoints.ts';
import { type FaultChoice, faultOf, plainEffectsOf } from '../core/local/faults.ts';
import type { PartUse } from '../core/ports/parts.ts';
import type { Step } from '../core/run/step.ts';
import { cloudEnv, cloudStatus, type EnsureOptions, ensureCloud, stopCloud } from '../local/lifecycle.ts';
import { waitForProduction } from '../local/production-world.ts';
import { readFaultBody, type Remote, remoteOf } from '../local/remote.ts';
import { resetCloud } from '../local/reset.ts';
import type { FaultFlags, LocalCommands } from './local-commands.ts';
import { calledAs, type Context } from './context.ts';
import type { Deps } from './deps.ts';
import { partSteps } from './parts.ts';
import { localPlatforms } from './platforms.ts';

/** The local cloud of one state folder. */
export interface LocalCloud extends LocalCommands {
  /** Returns where it answers, starting it first when it does not run. */
  ensure(use: PartUse): Promise<LocalEndpoints>;
  /** Returns where it answers when it is the target and runs; undefined otherwise. */
  running(): Promise<LocalEndpoints | undefined>;
  /** Returns an address that any browser on this machine can open for an origin; the origin itself when there is none. */
  openUrl(origin: string): Promise<string>;
  /** Returns once the production that stands beside staging is there; at once with the target `cloud`. */
  productionReady(signal: AbortSignal): Promise<void>;
  /** Returns the connection to the first of these projects of the production beside staging; undefined with the target `cloud`. */
  productionDatabase(names: readonly string[], signal: AbortSignal): Promise<string | undefined>;
}

/** Returns the local cloud whose state lies in the context's state folder. */
export function localCloud(context: Context): LocalCloud {
  const stateDir = join(context.stateDir, 'local');
  const ensure = async (use: PartUse) => {
    const nodeArguments = await context.parts.use('local', use);
    return ensureCloud({ ...daemonOf(context, stateDir), nodeArguments, signal: use.signal });
  };
  const status = async (): Promise<LocalStatus> => withoutCredentials(await cloudStatus({ stateDir }));
  return {
    ensure,
    running: async () => (context.target === 'local' ? (await cloudStatus({ stateDir })).endpoints : undefined),
    get preparation() {
      return partSteps(context.parts, 'local');
    },
    stopCommand: context.target === 'local' ? stopCommand(context) : undefined,
    start: async () => {
      await ensure({ signal: context.request.signal });
      return status();
    },
    stop: async () => ({ wasRunning: await stopCloud({ stateDir }) }),
    status,
    env: async (project) => {
      const endpoints = await runningAt(stateDir);
      const own = cloudEnv(endpoints, stateDir);
      if (project === undefined) return own;
      const { variables, known } = await remoteOf(endpoints).project(project);
      if (Object.keys(variables).length === 0) throw projectUnknown(project, known);
      return { ...own, ...variables };
    },
    ...trafficCommands(async () => remoteOf(await runningAt(stateDir)), context),
    reset: async ({ confirm, dryRun }) => {
      if (!dryRun && confirm !== 'local') throw resetUnconfirmed(confirm);
      const nodeArguments = await context.parts.use('local', { signal: context.request.signal });
      return await resetCloud({ ...daemonOf(context, stateDir), nodeArguments, dryRun });
    },
    productionReady: async (signal) => {
      if (context.target === 'local') await waitForProduction(stateDir, signal);
    },
    productionDatabase: async ([name], signal) => {
      if (context.target === 'cloud' || name === undefined) return undefined;
      await waitForProduction(stateDir, signal);
      return (await remoteOf(await runningAt(stateDir)).project(name)).variables['DIRECT_URL'];
    },
    openUrl: async (origin) => {
      if (context.target === 'cloud') return origin;
      const { endpoints } = await cloudStatus({ stateDir });
      const port = endpoints?.domains[new URL(origin).hostname];
      return port === undefined ? origin : `http://127.0.0.1:${port}/`;
    },
  };
}

/** Returns the steps that must come before a stage with the target `local`: starting the local cloud and using it. */
export function localPreparation(context: Context, local: LocalCloud, deps: Deps): readonly Step[] {
  if (context.target === 'cloud' || context.loaded === undefined) return [];
  return [
    {
      id: 'local-cloud',
      title: 'Local cloud',
      run: async (io) => {
        const endpoints = await local.ensure({ signal: io.signal, note: io.note });
        deps.usePlatforms(localPlatforms(endpoints, context.clock));
        await keepSentry(endpoints, deps);
        return `running, process ${endpoints.pid}`;
      },
    },
  ];
}

/** The local cloud's Sentry issues its own DSN and token, as an account would have them: the configuration refers to them by name. */
async function keepSentry({ beside }: LocalEndpoints, { secretFile }: Deps): Promise<void> {
  if (beside === undefined) return;
  const wanted = { NEXT_PUBLIC_SENTRY_DSN: beside.sentry.dsn, SENTRY_AUTH_TOKEN: beside.sentry.authToken };
  const kept = await Promise.all(Object.entries(wanted).map(async ([name, value]) => (await secretFile.read(name)) === value));
  if (kept.includes(false)) await secretFile.write(wanted);
}

/** What asks the running local cloud about its requests and what they meet. */
function trafficCommands(
  open: () => Promise<Remote>,
  context: Context,
): Pick<LocalCommands, 'addFault' | 'faults' | 'clearFaults' | 'log' | 'routes'> {
  return {
    addFault: async (flags) => {
      const wish = faultOf({
        ...durationsOf(flags),
        service: flags.service,
        match: flags.match,
        nth: flags.nth,
        times: flags.times,
        status: flags.status,
        retryAfterS: flags['retry-after'],
        stale: flags.stale,
        body: flags.body === undefined ? undefined : await readFaultBody(resolve(context.request.cwd, flags.body)),
        effects: plainEffectsOf(flags),
      });
      return await (await open()).addFault(wish);
    },
    faults: async () => await (await open()).faults(),
    clearFaults: async (id) => await (await open()).clearFaults(id),
    log: async (service) => await (await open()).log(service),
    routes: async () => await (await open()).routes(),
  };
}

function durationsOf({ delay, latency }: FaultFlags): Pick<FaultChoice, 'delayMs' | 'latencyMs'> {
  return {
    delayMs: delay === undefined ? undefined : parseDuration(delay, '--delay'),
    latencyMs: latency === undefined ? undefined : parseDuration(latency, '--latency'),
  };
}

/** Throws `LOCAL_NOT_RUNNING` (exit 3). */
async function runningAt(stateDir: string): Promise<LocalEndpoints> {
  const { endpoints } = await cloudStatus({ stateDir });
  if (endpoints === undefined) throw notRunning(stateDir);
  return endpoints;
}

/** Variables that need not be there, but that the local cloud gives to staging: its production has them too. */
const givenHere = ['NEXT_PUBLIC_SENTRY_DSN'];

function daemonOf(context: Context, stateDir: string): EnsureOptions {
  const settings = context.loaded?.settings;
  return {
    stateDir,
    entry: join(context.request.toolRoot, 'dist/local-daemon.js'),
    engines: enginesOf(context),
    production: settings && {
      migrations: settings.supabase.migrations,
      variables: Object.keys(settings.env).filter((name) => settings.env[name]?.required === true || givenHere.includes(name)),
    },
  };
}

function enginesOf(context: Context) {
  const { postgresBin, redisServer, path } = context.process;
  return { postgresBinDir: postgresBin, redisServer, searchPath: [...new Set([...path, '/usr/sbin', '/usr/bin'])].join(':') };
}

/** Credentials of the local cloud are printed by `local env` alone. */
function withoutCredentials(status: LocalStatus): LocalStatus {
  const { endpoints: _endpoints, ...rest } = status;
  return rest;
}

function stopCommand(context: Context): string {
  const { loaded, request } = context;
  const path = loaded === undefined ? 'staging.config.ts' : relative(request.cwd, loaded.path);
  return `${calledAs(context)} local stop${path === 'staging.config.ts' ? '' : ` --config ${path}`}`;
}

function projectUnknown(name: string, known: readonly string[]): StagingError {
  return new StagingError('missing', 'LOCAL_PROJECT_NOT_FOUND', `The local cloud has no project ${JSON.stringify(name)}.`, {
    fix: known.length === 0 ? 'Run `jv-staging provision --target local`.' : `Name one of ${known.join(', ')} with \`--project\`.`,
  });
}

function resetUnconfirmed(confirm: string | undefined): StagingError {
  const seen = confirm === undefined ? 'without --confirm' : `with --confirm ${JSON.stringify(confirm)}`;
  return new StagingError('refused', 'LOCAL_RESET_UNCONFIRMED', `Everything in the local cloud would be removed, asked for ${seen}.`, {
    fix: 'Run `jv-staging local reset --dry-run`, then `jv-staging local reset --confirm local`.',
  });
}

function notRunning(stateDir: string): StagingError {
  return new StagingError('missing', 'LOCAL_NOT_RUNNING', `The local cloud of ${stateDir} is not running.`, {
    fix: 'Run `jv-staging local start`.',
  });
}
