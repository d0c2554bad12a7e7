import type { SecretFile } from '../../core/ports/secret-file.ts';
import type { EnvReference } from '../../core/settings.ts';
import type { Step } from '../../core/run/step.ts';
import { databasePasswordName, type Resources } from '../resources.ts';

/** Name of the line that holds the key of fingerprints and sealed values. */
export const stateKeyName = 'JV_STATE_KEY';

/** Secrets that the environment file must hold before any resource is created. */
export const generatedSecrets = [stateKeyName, databasePasswordName, 'STAGING_USER_PASSWORD', 'CRON_SECRET'] as const;

/** Lines that are written once the resources exist. */
export const learntNames = [
  'STAGING_SUPABASE_URL',
  'STAGING_SUPABASE_ANON_KEY',
  'STAGING_SUPABASE_SERVICE_KEY',
  'STAGING_REDIS_URL',
  'STAGING_REDIS_TOKEN',
] as const;

/** What looking after the environment file needs. */
export interface SecretFileDeps {
  readonly secretFile: SecretFile;
  readonly readSecret: (reference: EnvReference) => string | undefined;
}

/** Returns the names of generated secrets that stand neither in the file nor in the environment. */
export async function missingSecrets({ secretFile, readSecret }: SecretFileDeps): Promise<readonly string[]> {
  const lines = await Promise.all(generatedSecrets.map(async (name) => ({ name, value: await secretFile.read(name) })));
  return lines.filter(({ name, value }) => value === undefined && readSecret({ kind: 'env', name }) === undefined).map(({ name }) => name);
}

/** Returns the step that generates what is missing; its secrets are on disk before anything is created with them. */
export function secretsStep(deps: SecretFileDeps & { readonly newSecret: () => string }): Step {
  return {
    id: 'secrets',
    title: 'Generate secrets into the environment file',
    mutates: true,
    probe: async () => ((await missingSecrets(deps)).length === 0 ? 'all there' : undefined),
    run: async () => {
      const names = await missingSecrets(deps);
      await deps.secretFile.write(Object.fromEntries(names.map((name) => [name, deps.newSecret()])));
      return `${names.length} written to ${deps.secretFile.path}`;
    },
  };
}

/** Returns the step that keeps the resources' addresses and keys in the environment file. */
export function keysStep(deps: Pick<SecretFileDeps, 'secretFile'>, resources: Resources): Step {
  const wanted = (): Readonly<Record<(typeof learntNames)[number], string>> => {
    const database = resources.databaseAccess.get();
    const cache = resources.cacheAccess.get();
    return {
      STAGING_SUPABASE_URL: database.url,
      STAGING_SUPABASE_ANON_KEY: database.anonKey,
      STAGING_SUPABASE_SERVICE_KEY: database.serviceRoleKey,
      STAGING_REDIS_URL: cache.restUrl,
      STAGING_REDIS_TOKEN: cache.restToken,
    };
  };
  return {
    id: 'keys',
    title: 'Keep addresses and keys in the environment file',
    mutates: true,
    probe: async () => {
      const same = await Promise.all(Object.entries(wanted()).map(async ([name, value]) => (await deps.secretFile.read(name)) === value));
      return same.every(Boolean) ? 'unchanged' : undefined;
    },
    run: async () => {
      await deps.secretFile.write(wanted());
      return deps.secretFile.path;
    },
  };
}
