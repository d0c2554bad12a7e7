import { envFile } from '../adapters/files/env-file.ts';
import type { Secrets } from '../config/secrets.ts';
import type { SecretFile } from '../core/ports/secret-file.ts';

/** Returns the environment file; a line that it lacks may stand in the process's environment instead, as it does in CI. */
export function openSecretFile(path: string, secrets: Pick<Secrets, 'read'>): SecretFile {
  const file = envFile(path);
  return { ...file, read: async (name) => (await file.read(name)) ?? secrets.read({ kind: 'env', name }) };
}
