import { formerKeysName } from '../secrets/former-keys.ts';
import type { EnvReference, StagingSettings } from '../settings.ts';

/** Names that GitHub keeps for itself: a secret cannot have one (docs.github.com, "Using secrets in GitHub Actions", naming rules). */
const reserved = /^GITHUB_/;

/**
 * Returns the names of all secrets that a CI job needs for this configuration: every `env(…)` in it, the key of the sealed state and what
 * `provision` keeps in the environment file. Sorted, each once.
 */
export function secretNames(settings: StagingSettings, generated: readonly string[]): readonly string[] {
  // Fingerprints that were made before the state key was rotated can be told with the former one alone.
  const isKeyed = Object.values(settings.production.fingerprints ?? {}).some((print) => print.startsWith('hmac:'));
  const former = isKeyed ? [formerKeysName] : [];
  const found = new Set([...references(settings), ...generated, ...former].filter((name) => !reserved.test(name)));
  return [...found].toSorted();
}

function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isReference(value)) return [value.name];
  return Object.values(value).flatMap(references);
}

function isReference(value: object): value is EnvReference {
  return 'kind' in value && value.kind === 'env' && 'name' in value && typeof value.name === 'string';
}

/** Returns the app's public variables, which its build may see: the value where the configuration says it, else null. */
export function openVariables(contract: StagingSettings['env']): Readonly<Record<string, string | null>> {
  const open = Object.entries(contract).filter(([name, setting]) => setting.class === 'public' && !reserved.test(name));
  return Object.fromEntries(open.map(([name, { value }]) => [name, typeof value === 'string' ? value : null]));
}
