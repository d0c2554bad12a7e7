import { StagingError } from '../errors.ts';
import { readHealth } from '../smoke/health.ts';
import { jsonOrUndefined } from '../json.ts';
import { isLoopback } from '../loopback.ts';
import type { WebOutcome, WebTarget } from '../ports/web.ts';
import { clip, quoted } from '../problem.ts';

/** How a target outside of this machine shows that it may be loaded. */
export interface LoadPermission {
  /** The health route, which names the environment that answers. */
  readonly healthPath: string;
  /** The environment that must answer there. */
  readonly environment: string;
  /** The host that the user says is theirs to load (`--i-own-this-target`). */
  readonly ownedHost: string | undefined;
}

/** Returns true when a target leads to this machine alone, so that loading it can hurt nobody else. */
export function isOwnMachine({ origin, resolve }: WebTarget): boolean {
  const { hostname } = new URL(origin);
  return isLoopback(resolve[hostname] ?? hostname);
}

/**
 * Throws `LOAD_TARGET_UNPROVEN` (kind `refused`) unless the health answer of a target names the environment that may be loaded.
 * `outcome` is what its health route answered.
 */
export function provePermission(target: WebTarget, outcome: WebOutcome, { healthPath, environment }: LoadPermission): void {
  const { host } = new URL(target.origin);
  const health = outcome.kind === 'answer' ? readHealth(jsonOrUndefined(outcome.body)) : undefined;
  if (health?.environment === environment) return;
  const seen =
    outcome.kind === 'failure'
      ? `did not answer (${outcome.class})`
      : health?.environment === undefined
        ? `answered ${outcome.status} without an environment`
        : `says environment ${quoted(clip(health.environment))}`;
  throw new StagingError(
    'refused',
    'LOAD_TARGET_UNPROVEN',
    `${host} is not shown to be staging: ${healthPath} ${seen}, expected environment ${quoted(environment)}. No load was sent.`,
    { fix: `Pass \`--i-own-this-target ${host}\` if you may load it.` },
  );
}

/** Returns whether the user says that this target is theirs to load. Throws `LOAD_TARGET_UNPROVEN` when they name another one. */
export function isOwned(target: WebTarget, { ownedHost }: LoadPermission): boolean {
  if (ownedHost === undefined) return false;
  const { host } = new URL(target.origin);
  if (ownedHost.toLowerCase() === host) return true;
  throw new StagingError(
    'refused',
    'LOAD_TARGET_UNPROVEN',
    `--i-own-this-target names ${quoted(ownedHost)}, but the target is ${host}. No load was sent.`,
    {
      fix: `Pass \`--i-own-this-target ${host}\` if you may load it.`,
    },
  );
}
