import { join } from 'node:path';
import { installK6 } from '../adapters/k6/install.ts';
import { systemToolbox, type ToolboxOptions } from '../adapters/system/toolbox.ts';
import { childEnvironment } from '../config/environment.ts';
import type { DoctorDeps } from '../stages/doctor.ts';
import type { Context } from './context.ts';
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
  };
}

/** Returns what the doctor needs. */
export function doctorDeps(context: Context, install: 'k6' | undefined): DoctorDeps {
  return {
    clock: context.clock,
    toolbox: systemToolbox(toolboxOptions(context)),
    settings: context.loaded?.settings,
    readSecret: context.secrets.read,
    secretPlaces: context.loaded === undefined ? async () => [] : () => listSecretsOf(context),
    installK6:
      install === undefined
        ? undefined
        : (note, signal) =>
            installK6({ folder: installedPrograms(context), path: context.process.path, environment: childEnvironment() }, note, signal),
  };
}

/** Programs are the user's, not one environment's: they are installed once below the home folder. */
function installedPrograms(context: Context): string {
  return join(context.process.home ?? context.stateDir, '.jv-staging', 'bin');
}
