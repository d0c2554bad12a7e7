import { resolve } from 'node:path';
import { envFile } from '../adapters/files/env-file.ts';
import { envCheck, type EnvChecked, envDiff, type EnvPulled, envPull, type EnvPushDetails, envPushStage } from '../stages/env.ts';
import type { Resources } from '../stages/resources.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { VariableDifference } from '../core/variables/diff.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** What `env …` does. */
export interface EnvCommands {
  diff(): Promise<readonly VariableDifference[]>;
  push(): StageRun<EnvPushDetails>;
  /** Writes to a file, named as the user types it. */
  pull(file: string): Promise<EnvPulled>;
  check(): EnvChecked;
}

/** Returns the `env` commands of one run. */
export function envCommands(context: Context, deps: Deps, resources: Resources): EnvCommands {
  const { cwd, signal } = context.request;
  return {
    diff: () => envDiff(deps.env(), resources, signal),
    push: () => envPushStage(deps.env(), resources),
    pull: (file) => envPull(deps.env(), resources, envFile(resolve(cwd, file)), signal),
    check: () => envCheck({ settings: context.settings(), readSecret: context.secrets.read }),
  };
}
