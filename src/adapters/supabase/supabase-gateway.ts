import { VendorError } from '../http/api-error.ts';
import type { ApiClient } from '../http/api-client.ts';

/** Parts of a project's gateway that must answer before the project is used. */
const parts = [
  { name: 'REST', path: '/rest/v1/' },
  { name: 'Auth', path: '/auth/v1/health' },
] as const;

/**
 * Asks the gateway itself, since the platform calls a project healthy before its gateway answers. Returns which part does not
 * answer and why, or undefined when all do. Makes one short attempt a part: the caller waits and asks again.
 */
export async function gatewayMissing(api: ApiClient, signal: AbortSignal): Promise<string | undefined> {
  for (const part of parts) {
    try {
      await api.send({ method: 'GET', path: part.path, attemptMs: 5_000, attempts: 1, signal });
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      return `${part.name}: ${error.message}`;
    }
  }
  return undefined;
}
