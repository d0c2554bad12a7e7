import { dirname, join } from 'node:path';
import { envFile, fileChangedAtMs } from '../adapters/files/env-file.ts';
import { ghSecrets } from '../adapters/github/gh-secrets.ts';
import { newSecret } from '../adapters/system/ids.ts';
import { githubEnvironment } from '../config/environment.ts';
import { StagingError } from '../core/errors.ts';
import type { SecretPlace } from '../core/secrets/secrets.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { Resources } from '../stages/resources.ts';
import type { SecretsDeps } from '../stages/secrets/deps.ts';
import { exportStage } from '../stages/secrets/export.ts';
import { listSecrets } from '../stages/secrets/list.ts';
import { rotateStage } from '../stages/secrets/rotate.ts';
import { type SecretsDetails, setStage } from '../stages/secrets/set.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { openKeptRecords } from './restore-points.ts';
import { stdinValue } from './stdin-value.ts';

/** What `secrets …` does. */
export interface SecretCommands {
  list(): Promise<readonly SecretPlace[]>;
  /** Reads the value from an input. Throws `SECRET_INPUT_EMPTY` (exit 2). */
  set(name: string, input: AsyncIterable<string | Buffer>): Promise<StageRun<SecretsDetails>>;
  rotate(name: string): StageRun<SecretsDetails>;
  /** Hands over to a repository's Actions, that of the configuration's folder when none is named. */
  exportToGitHub(repository: string | undefined): StageRun<SecretsDetails>;
}

/** Returns the `secrets` commands of one run; `typed` remembers a value that came in, so that no output shows it. */
export function secretCommands(context: Context, deps: Deps, resources: Resources, typed: (value: string) => void): SecretCommands {
  const base = () => secretsDeps(context);
  const { clock } = context;
  return {
    list: () => listSecretsOf(context),
    set: async (name, input) => {
      const value = await stdinValue(input);
      if (value === '') throw inputEmpty(name);
      typed(value);
      return setStage({ ...base(), clock }, name, value);
    },
    rotate: (name) => {
      const seed = deps.seed();
      const seededUsers = async () => (await seed.readSeed(context.settings().seed.profile)).plan.auth.map(({ email }) => email);
      const { openDatabase, restorePoints } = deps.status();
      const sealed = { openDatabase, restorePoints, keptRecords: openKeptRecords(context) };
      return rotateStage({ ...deps.env(), ...base(), ...sealed, newSecret, openDataApi: seed.openDataApi, seededUsers }, resources, name);
    },
    exportToGitHub: (repository) => {
      const dir = context.loaded === undefined ? context.request.cwd : dirname(context.loaded.path);
      return exportStage({ ...base(), clock, store: ghSecrets({ dir, repository, environment: githubEnvironment() }) });
    },
  };
}

/** Returns where each secret of the context's environment lives. */
export function listSecretsOf(context: Context): Promise<readonly SecretPlace[]> {
  return listSecrets({ ...secretsDeps(context), fileChangedAtMs: () => fileChangedAtMs(context.envFile), nowMs: context.clock.nowMs });
}

function secretsDeps(context: Context): SecretsDeps {
  return {
    settings: context.settings(),
    ownFile: envFile(context.envFile),
    pending: envFile(join(context.stateDir, 'rotation.env')),
    readSecret: context.secrets.read,
  };
}

function inputEmpty(name: string): StagingError {
  return new StagingError('usage', 'SECRET_INPUT_EMPTY', 'There is nothing on stdin, expected the secret itself.', {
    fix: `Pipe it in: \`pass staging/key | jv-staging secrets set ${name}\`.`,
  });
}
