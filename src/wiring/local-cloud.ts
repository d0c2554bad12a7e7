import { join, relative } from 'node:path';
import { StagingError } from '../core/errors.ts';
import type { LocalEndpoints, LocalStatus } from '../core/local-endpoints.ts';
import type { Step } from '../core/step.ts';
import { waitForProduction } from '../local/production-world.ts';
import { cloudEnv, cloudStatus, ensureCloud, stopCloud } from '../local/lifecycle.ts';
import type { LocalCommands } from './app.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { localPlatforms } from './platforms.ts';

/** The local cloud of one state folder. */
export interface LocalCloud extends LocalCommands {
  /** Returns where it answers, starting it first when it does not run. */
  ensure(signal: AbortSignal): Promise<LocalEndpoints>;
  /** Returns an address that any browser on this machine can open for an origin; the origin itself when there is none. */
  openUrl(origin: string): Promise<string>;
  /** Returns once the production that stands beside staging is there; at once with the target `cloud`. */
  productionReady(signal: AbortSignal): Promise<void>;
}

/** Returns the local cloud whose state lies in the context's state folder. */
export function localCloud(context: Context): LocalCloud {
  const stateDir = join(context.stateDir, 'local');
  const ensure = (signal: AbortSignal) =>
    ensureCloud({ stateDir, entry: join(context.request.toolRoot, 'dist/local-daemon.js'), engines: enginesOf(context), signal });
  const status = async (): Promise<LocalStatus> => withoutCredentials(await cloudStatus({ stateDir }));
  return {
    ensure,
    stopCommand: context.target === 'local' ? stopCommand(context) : undefined,
    start: async () => {
      await ensure(context.request.signal);
      return status();
    },
    stop: async () => ({ wasRunning: await stopCloud({ stateDir }) }),
    status,
    env: async () => {
      const { endpoints } = await cloudStatus({ stateDir });
      if (endpoints === undefined) throw notRunning(stateDir);
      return cloudEnv(endpoints, stateDir);
    },
    productionReady: async (signal) => {
      if (context.target === 'local') await waitForProduction(stateDir, signal);
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
        const endpoints = await local.ensure(io.signal);
        deps.usePlatforms(localPlatforms(endpoints, context.clock));
        return `running, process ${endpoints.pid}`;
      },
    },
  ];
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
  // In the tool's own repository there is no installed program, and npx would look at the machine's own Node first.
  const program = request.cwd === request.toolRoot ? 'node bin/run.js' : 'npx jv-staging';
  const path = loaded === undefined ? 'staging.config.ts' : relative(request.cwd, loaded.path);
  return `${program} local stop${path === 'staging.config.ts' ? '' : ` --config ${path}`}`;
}

function notRunning(stateDir: string): StagingError {
  return new StagingError('missing', 'LOCAL_NOT_RUNNING', `The local cloud of ${stateDir} is not running.`, {
    fix: 'Run `jv-staging local start`.',
  });
}
