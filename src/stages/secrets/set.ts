import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import { refuseOutside, secretNamed, type SecretsDeps } from './deps.ts';
import { stateKeyLines } from './reseal.ts';

/** What writing secrets reports. */
export interface SecretsDetails {
  /** Names of the secrets that were written. */
  readonly written: readonly string[];
  /** Variables of the app that hold them: live with the next deploy. */
  readonly variables: readonly string[];
}

/**
 * Returns the stage that writes a secret's new value into the environment file. Throws `SECRET_UNKNOWN`, `SECRET_SET_OUTSIDE` (exit 2), and
 * `SECRET_NOT_SETTABLE` (exit 2) for what must be changed elsewhere at the same time.
 */
export function setStage(deps: SecretsDeps & { readonly clock: Clock }, name: string, value: string): StageRun<SecretsDetails> {
  const startedAtMs = deps.clock.nowMs();
  const secret = secretNamed(deps, name);
  const done = slot<true>('written');
  return {
    steps: [
      {
        id: 'check',
        title: `See whether ${name} can be set`,
        run: async () => {
          if (['database-password', 'user-password', 'redis-token', 'service-key'].includes(secret.kind)) throw notSettable(name);
          await refuseOutside(deps, name);
        },
      },
      {
        id: 'file',
        title: `Write ${name} into the environment file`,
        mutates: true,
        probe: async () => {
          if ((await deps.ownFile.read(name)) !== value) return undefined;
          done.set(true);
          return 'it holds that value already';
        },
        run: async () => {
          await deps.ownFile.write(secret.kind === 'state-key' ? await stateKeyLines(deps, name, value) : { [name]: value });
          done.set(true);
          return deps.ownFile.path;
        },
      },
    ],
    result: () => {
      if (done.peek() === undefined) return undefined;
      return stageResult('secrets-set', [writtenFinding(name, secret.variables)], startedAtMs, deps.clock, {
        written: [name],
        variables: secret.variables,
      });
    },
  };
}

/** Returns the finding of a secret that was written: where it goes from here. */
export function writtenFinding(name: string, variables: readonly string[]) {
  const next = `${variables.join(', ')} live with the next deploy: run \`jv-staging env push\`, then \`jv-staging deploy\``;
  return {
    id: name.toLowerCase().replaceAll('_', '-'),
    title: name,
    verdict: 'green' as const,
    seen: variables.length === 0 ? 'written; no variable of the app holds it' : `written; ${next}`,
    expected: 'the new value',
  };
}

function notSettable(name: string): StagingError {
  const message = `${name} must be changed at its vendor and here at the same time, so it cannot be set here alone.`;
  return new StagingError('usage', 'SECRET_NOT_SETTABLE', message, { fix: `Run \`jv-staging secrets rotate ${name}\`.` });
}
