import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { partsOf } from '../adapters/parts/parts.ts';
import { ownCommand } from '../adapters/system/own-command.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { npmEnvironment, processSettings, type ProcessSettings } from '../config/environment.ts';
import { findConfig } from '../config/find.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { openSecrets, type Secrets } from '../config/secrets.ts';
import { StagingError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Parts } from '../core/ports/parts.ts';
import type { StagingSettings } from '../core/settings.ts';
import type { AppRequest } from './app.ts';

/** What a command works in: configuration, folders, secrets, clock. */
export interface Context {
  readonly request: AppRequest;
  readonly loaded: LoadedConfig | undefined;
  readonly process: ProcessSettings;
  readonly target: 'cloud' | 'local';
  /** `.jv-staging` beside the configuration, or `JV_STATE_DIR`. */
  readonly stateDir: string;
  /** `.env.staging` for the vendors; the local cloud has a file of its own, so that trying it never overwrites a real password. */
  readonly envFile: string;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly parts: Parts;
  /** Returns the settings; throws `CONFIG_NOT_FOUND` when there is no configuration. */
  settings(): StagingSettings;
}

/** Finds and loads everything that a command works in. Throws `CONFIG_…` errors (exit 2). */
export async function openContext(request: AppRequest): Promise<Context> {
  const isWanted = request.config !== 'if-named' || request.configPath !== undefined;
  const path = isWanted ? findConfig(request.cwd, request.configPath) : undefined;
  if (path === undefined && request.config === 'required') throw noConfig(request.cwd);
  const loaded = path === undefined ? undefined : await loadConfig(path, toolEntry(request), request.target);
  const target = loaded?.settings.target ?? request.target ?? 'cloud';
  const folder = path === undefined ? request.cwd : dirname(path);
  const settingsOfProcess = processSettings();
  const stateDir = settingsOfProcess.stateDir ?? join(folder, '.jv-staging');
  const envFile = join(folder, target === 'local' ? '.env.staging.local' : '.env.staging');
  return {
    request,
    loaded,
    process: settingsOfProcess,
    target,
    stateDir,
    envFile,
    // With the target `local` no credential of the shell is read: the local cloud issues its own.
    secrets: target === 'local' ? openSecrets(envFile, {}) : openSecrets(envFile),
    clock: systemClock,
    parts: partsOf({
      toolRoot: request.toolRoot,
      // Like programs, they are the user's, not one environment's.
      folder: join(settingsOfProcess.home ?? stateDir, '.jv-staging', 'parts'),
      path: settingsOfProcess.path,
      environment: npmEnvironment(),
    }),
    settings: () => {
      if (loaded === undefined) throw noConfig(request.cwd);
      return loaded.settings;
    },
  };
}

/** Returns the URL of the library that configurations import as `jv-staging`. */
export function toolEntry({ toolRoot }: Pick<AppRequest, 'toolRoot'>): string {
  return pathToFileURL(join(toolRoot, 'dist/index.js')).href;
}

/** Returns the words that call this tool in this folder, for commands that a person is told to run. */
export function calledAs({ request, process: { path } }: Pick<Context, 'request' | 'process'>): string {
  return ownCommand({ cwd: request.cwd, toolRoot: request.toolRoot, path });
}

function noConfig(cwd: string): StagingError {
  return new StagingError(
    'usage',
    'CONFIG_NOT_FOUND',
    `There is no staging.config.ts in ${cwd} or above it, up to the root of the git working tree.`,
    {
      fix: 'Write one with `jv-staging init`, try the sample with `jv-staging init --sample` in an empty folder, or name one with `--config PATH`.',
    },
  );
}

/** Throws `NOTIFY_NOT_CONFIGURED` (exit 2) when people are to be told and the configuration does not say where. */
export function requireNotify(context: Context): void {
  if (!context.request.notify || context.loaded?.settings.notify !== undefined) return;
  throw new StagingError('usage', 'NOTIFY_NOT_CONFIGURED', '--notify was given, and the configuration does not say who is told.', {
    fix: "Add `notify: { slack: { channel: 'staging' } }` with SLACK_BOT_TOKEN, or `notify: { slack: {} }` with SLACK_WEBHOOK_URL.",
  });
}
