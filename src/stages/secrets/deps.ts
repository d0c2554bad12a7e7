import { StagingError } from '../../core/errors.ts';
import type { SecretFile } from '../../core/ports/secret-file.ts';
import { type KnownSecret, knownSecrets } from '../../core/secrets/secrets.ts';
import type { EnvReference, StagingSettings } from '../../core/settings.ts';

/** What looking after secrets needs. */
export interface SecretsDeps {
  readonly settings: StagingSettings;
  /** The environment file alone, without what the process's environment holds. */
  readonly ownFile: SecretFile;
  /** Values that a rotation is about to bring in: they are kept until everything has them. */
  readonly pending: SecretFile;
  readonly readSecret: (reference: EnvReference) => string | undefined;
}

/** Returns the secret of this name. Throws `SECRET_UNKNOWN` (exit 2). */
export function secretNamed({ settings }: Pick<SecretsDeps, 'settings'>, name: string): KnownSecret {
  const known = knownSecrets(settings);
  const found = known.find((secret) => secret.name === name);
  if (found !== undefined) return found;
  const message = `The environment has no secret ${JSON.stringify(name)}, expected one of ${known.map((secret) => secret.name).join(', ')}.`;
  throw new StagingError('usage', 'SECRET_UNKNOWN', message, { fix: 'Run `jv-staging secrets list`.' });
}

/** Refuses to change a line of the file where the process's environment decides. Throws `SECRET_SET_OUTSIDE` (exit 2). */
export async function refuseOutside({ readSecret, ownFile }: SecretsDeps, name: string): Promise<void> {
  const used = readSecret({ kind: 'env', name });
  if (used === undefined || used === (await ownFile.read(name))) return;
  const message = `${name} comes from the environment of this process, which goes before ${ownFile.path}: a new line there would not be used.`;
  throw new StagingError('usage', 'SECRET_SET_OUTSIDE', message, {
    fix: `Run it without ${name} in the environment, or change it where it is set.`,
  });
}
