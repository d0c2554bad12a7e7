import { join } from 'node:path';
import { installK6 } from '../adapters/k6/install.ts';
import { systemToolbox, type ToolboxOptions } from '../adapters/system/toolbox.ts';
import { childEnvironment } from '../config/environment.ts';
import type { Installable } from '../core/ports/parts.ts';
import type { DoctorDeps, Installation } from '../stages/doctor.ts';
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
    parts: context.parts,
  };
}

/** Returns what the doctor needs. */
export function doctorDeps(context: Context, install: Installable | undefined): DoctorDeps {
  return {
    clock: context.clock,
    toolbox: systemToolbox(toolboxOptions(context)),
    settings: context.loaded?.settings,
    readSecret: context.secrets.read,
    secretPlaces: context.loaded === undefined ? async () => [] : () => listSecretsOf(context),
    install: install === undefined ? undefined : installation(context, install),
  };
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
