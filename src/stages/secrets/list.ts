import { knownSecrets, type SecretPlace } from '../../core/secrets/secrets.ts';
import type { SecretsDeps } from './deps.ts';

/** What listing secrets needs. */
export interface ListDeps extends SecretsDeps {
  /** When the environment file was last changed (ms since 1970 UTC), or undefined when there is none. */
  readonly fileChangedAtMs: () => Promise<number | undefined>;
  readonly nowMs: () => number;
}

/** Returns where each secret lives and how old it is at least; reads no vendor and shows no value. */
export async function listSecrets(deps: ListDeps): Promise<readonly SecretPlace[]> {
  const changedAtMs = await deps.fileChangedAtMs();
  const known = knownSecrets(deps.settings);
  const places = await Promise.all(
    known.map(async (secret): Promise<SecretPlace> => {
      const [line, next] = await Promise.all([deps.ownFile.read(secret.name), deps.pending.read(secret.name)]);
      const used = deps.readSecret({ kind: 'env', name: secret.name });
      const place = used === undefined ? null : used === line ? 'file' : 'environment';
      return {
        ...secret,
        place,
        where: place === null ? null : place === 'file' ? deps.ownFile.path : 'the environment of this process',
        atLeastMs: place !== 'file' || changedAtMs === undefined ? null : Math.max(0, deps.nowMs() - changedAtMs),
        rotating: (next ?? '') !== '',
      };
    }),
  );
  // Former keys are there during a rotation, seldom else.
  return places.filter(({ kind, place }) => kind !== 'former-state-key' || place !== null);
}
