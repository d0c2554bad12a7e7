import { dirname, join } from 'node:path';
import { installK6 } from '../adapters/k6/install.ts';
import { buildProgramState } from '../adapters/source/build-program.ts';
import { systemToolbox, type ToolboxOptions } from '../adapters/system/toolbox.ts';
import { workflowPlace } from '../adapters/github/workflow-file.ts';
import { childEnvironment } from '../config/environment.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import type { Installable } from '../core/ports/parts.ts';
import type { ToolState } from '../core/ports/toolbox.ts';
import type { DoctorDeps, Installation } from '../stages/doctor.ts';
import type { Context } from './context.ts';
import { accountsOf } from './accounts.ts';
import { listSecretsOf } from './secret-commands.ts';

/** Returns where programs are looked for on this machine. */
export function toolboxOptions(context: Context): ToolboxOptions {
  const { path, postgresBin, redisServer, chromePath, k6Path } = context.process;
  return {
    path,
    postgresBin,
    redisServer,
    chromePath,
    k6Path,
    installedPrograms: installedPrograms(context),
    environment: childEnvironment(),
    parts: context.parts,
  };
}

/** Returns what the doctor needs. */
export function doctorDeps(
  context: Context,
  local: () => Promise<LocalEndpoints | undefined>,
  install: Installable | undefined,
): DoctorDeps {
  return {
    accounts: async () => {
      if (context.target === 'cloud') return accountsOf(context, undefined);
      const running = await local();
      return running === undefined ? 'not asked: the local cloud is not running' : accountsOf(context, running);
    },
    workflow: async () => workflowPlace(dirname(context.loaded?.path ?? context.request.cwd)),
    clock: context.clock,
    toolbox: { look: async (signal) => [...(await systemToolbox(toolboxOptions(context)).look(signal)), ...buildPrograms(context)] },
    settings: context.loaded?.settings,
    readSecret: context.secrets.read,
    secretPlaces: context.loaded === undefined ? async () => [] : () => listSecretsOf(context),
    install: install === undefined ? undefined : installation(context, install),
  };
}

function buildPrograms({ loaded, process: { path } }: Context): readonly ToolState[] {
  const app = loaded?.settings.app;
  const state = app?.build === undefined ? undefined : buildProgramState({ command: app.build, dir: app.dir, path });
  return state === undefined ? [] : [state];
}

function installation(context: Context, id: Installable): Installation {
  if (id !== 'k6') {
    const { parts } = context;
    const run: Installation['run'] = async (note, signal) => {
      await parts.use(id, { note, signal });
      return `at ${parts.folder(id)}`;
    };
    return { id, run };
  }
  const wanted = { folder: installedPrograms(context), path: context.process.path, environment: childEnvironment() };
  return { id, run: async (note, signal) => installK6(wanted, note, signal) };
}

/** Programs are the user's, not one environment's: they are installed once below the home folder. */
function installedPrograms(context: Context): string {
  return join(context.process.home ?? context.stateDir, '.jv-staging', 'bin');
}
