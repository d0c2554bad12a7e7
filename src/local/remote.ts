import { readFile } from 'node:fs/promises';
import { StagingError } from '../core/errors.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import type { Fault, FaultWish, LedgerReport, LocalRoute } from '../core/local/faults.ts';
import type { ProjectEnvironment } from './project-environment.ts';

/** A running local cloud, asked by its control interface. */
export interface Remote {
  /** Throws `FAULT_INVALID` (exit 2) when the local cloud has no such service. */
  addFault(wish: FaultWish): Promise<Fault>;
  faults(): Promise<readonly Fault[]>;
  /** Returns how many were cleared. Throws `FAULT_NOT_FOUND` (exit 3). */
  clearFaults(id?: string): Promise<number>;
  log(service?: string): Promise<LedgerReport>;
  routes(): Promise<readonly LocalRoute[]>;
  project(name: string): Promise<ProjectEnvironment>;
}

/** Returns the local cloud behind these endpoints. */
export function remoteOf({ control }: LocalEndpoints): Remote {
  const ask = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await fetch(`${control.url}/_local/${path}`, {
      method,
      headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw refusalOf(answer.status, text);
    return JSON.parse(text);
  };
  return {
    addFault: (wish) => ask('POST', 'faults', wish),
    faults: async () => (await ask<{ readonly faults: readonly Fault[] }>('GET', 'faults')).faults,
    clearFaults: async (id) => {
      const path = id === undefined ? 'faults' : `faults/${encodeURIComponent(id)}`;
      return (await ask<{ readonly cleared: number }>('DELETE', path)).cleared;
    },
    log: (service) => ask('GET', service === undefined ? 'log' : `log?service=${encodeURIComponent(service)}`),
    routes: async () => (await ask<{ readonly routes: readonly LocalRoute[] }>('GET', 'routes')).routes,
    project: (name) => ask('GET', `projects/${encodeURIComponent(name)}`),
  };
}

function refusalOf(status: number, text: string): StagingError {
  const { error = text }: { readonly error?: string } = JSON.parse(text);
  if (status === 400) return new StagingError('usage', 'FAULT_INVALID', error, { fix: 'Run `jv-staging local fault add --help`.' });
  if (status === 404) return new StagingError('missing', 'FAULT_NOT_FOUND', error, { fix: 'Run `jv-staging local fault ls`.' });
  return new StagingError('vendor', 'LOCAL_CONTROL_FAILED', `The local cloud's control interface answered ${status}: ${error}`, {
    fix: 'Run `jv-staging local status`.',
  });
}

/** Returns the text of a file that becomes an answer's body. Throws `FAULT_BODY_UNREADABLE` (exit 2). */
export async function readFaultBody(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new StagingError('usage', 'FAULT_BODY_UNREADABLE', `The file ${path} cannot be read.`, {
      cause,
      fix: 'Name another file with `--body`.',
    });
  });
}
