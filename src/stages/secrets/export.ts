import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { SecretStore } from '../../core/ports/secret-store.ts';
import { type KnownSecret, knownSecrets } from '../../core/secrets/secrets.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { SecretsDeps } from './deps.ts';
import type { SecretsDetails } from './set.ts';

/** What handing secrets over needs. */
export interface ExportDeps extends SecretsDeps {
  readonly clock: Clock;
  readonly store: SecretStore;
}

/**
 * Returns the stage that hands everything over that CI needs, a step each. Throws `SECRETS_LOCAL` (exit 6): what the local cloud issued
 * would replace the real ones; `SECRETS_NONE` (exit 3).
 */
export function exportStage(deps: ExportDeps): StageRun<SecretsDetails> {
  if (deps.settings.target === 'local') throw localSecrets();
  const startedAtMs = deps.clock.nowMs();
  const written: string[] = [];
  const there = knownSecrets(deps.settings).filter(({ name }) => deps.readSecret({ kind: 'env', name }) !== undefined);
  if (there.length === 0)
    throw new StagingError(
      'missing',
      'SECRETS_NONE',
      `Neither ${deps.ownFile.path} nor the environment holds a secret of this environment.`,
      {
        fix: 'Run `jv-staging provision`.',
      },
    );
  return {
    steps: [
      { id: 'export', title: `Hand over to ${deps.store.title}`, steps: () => there.map((secret) => handOver(deps, secret, written)) },
    ],
    result: () => {
      if (written.length < there.length) return undefined;
      const findings = written.map((name) => ({
        id: name.toLowerCase().replaceAll('_', '-'),
        title: name,
        verdict: 'green' as const,
        seen: `handed over to ${deps.store.title}`,
        expected: 'handed over',
      }));
      return stageResult('secrets-export', findings, startedAtMs, deps.clock, { written, variables: [] });
    },
  };
}

function handOver({ store, readSecret }: ExportDeps, { name }: KnownSecret, written: string[]): Step {
  return {
    id: name.toLowerCase().replaceAll('_', '-'),
    title: name,
    mutates: true,
    run: async (io) => {
      await store.put(name, readSecret({ kind: 'env', name }) ?? '', io.signal);
      written.push(name);
    },
  };
}

function localSecrets(): StagingError {
  const message = 'The secrets of the local cloud would be handed over, and replace those of the real environment.';
  return new StagingError('refused', 'SECRETS_LOCAL', message, { fix: 'Run it with `--target cloud`.' });
}
