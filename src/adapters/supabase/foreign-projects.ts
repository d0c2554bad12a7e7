import type { DatabasePlatform } from '../../core/ports/database.ts';
import type { RefusalOutcome } from '../../core/ports/probes.ts';
import type { WebClient } from '../../core/ports/web.ts';
import { StagingError } from '../../core/errors.ts';

/** What is shown to whom. */
export interface ForeignProjectsOptions {
  readonly databases: Pick<DatabasePlatform, 'findByName' | 'addresses'>;
  readonly web: WebClient;
  /** Names or refs of production's projects. */
  readonly projects: readonly string[];
  /** Staging's own keys by what they are called; secret. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Bound on one request. */
const timeoutMs = 10_000;

/**
 * Shows each of staging's keys to the gateway of each of production's projects with one GET of the REST interface's root. 401 is a
 * refusal (contracts.md §2: what a gateway answers to a key that is not its own); what cannot be reached told nothing.
 */
export async function showKeys(options: ForeignProjectsOptions, signal: AbortSignal): Promise<readonly RefusalOutcome[]> {
  const asked = await Promise.all(
    options.projects.map(async (project): Promise<readonly RefusalOutcome[]> => {
      const url = await gatewayOf(options, project, signal);
      if (typeof url !== 'string') return [url];
      return await Promise.all(
        Object.entries(options.keys).map(([name, key]) => showKey(options.web, { project, url, name, key }, signal)),
      );
    }),
  );
  return asked.flat();
}

async function gatewayOf({ databases }: ForeignProjectsOptions, project: string, signal: AbortSignal): Promise<string | RefusalOutcome> {
  const unknown = (message: string): RefusalOutcome => ({ kind: 'unknown', door: `Supabase project ${project}`, message });
  try {
    const found = await databases.findByName(project, signal);
    // A ref (20 lower-case letters) needs no looking up, and may be of an account that the token cannot see.
    const ref = found[0]?.ref ?? (/^[a-z]{20}$/.test(project) ? project : undefined);
    if (ref === undefined) return unknown('no project of this name can be seen');
    const url = (await databases.addresses(ref, signal)).find((address) => address.startsWith('http'));
    return url ?? unknown('its address is not known');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StagingError) return unknown(error.message);
    throw error;
  }
}

async function showKey(
  web: WebClient,
  { project, url, name, key }: { readonly project: string; readonly url: string; readonly name: string; readonly key: string },
  signal: AbortSignal,
): Promise<RefusalOutcome> {
  const door = `Supabase project ${project} (${name})`;
  const { origin, pathname } = new URL(url);
  const path = `${pathname.replace(/\/$/, '')}/rest/v1/`;
  const headers = { apikey: key, authorization: `Bearer ${key}`, accept: 'application/json' };
  const outcome = await web.request({ origin, resolve: {} }, { method: 'GET', path, headers, timeoutMs }, signal);
  if (outcome.kind === 'failure') return { kind: 'unknown', door, message: outcome.message };
  if (outcome.status === 401 || outcome.status === 403) return { kind: 'refused', door };
  const message = `status ${outcome.status}`;
  return outcome.status < 300 ? { kind: 'accepted', door, message } : { kind: 'unknown', door, message };
}
