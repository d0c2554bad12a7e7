import type { Clock } from '../../core/ports/clock.ts';
import { type ApiAnswer, type ApiClient, type ApiLimits, type ApiRequest, createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';

/** Where Vercel's API is and who we are there. */
export interface VercelApiOptions {
  readonly token: string;
  /** Team id (`team_…`) or slug: sent with every call, so that nothing ever lands in a personal account. */
  readonly team: string;
  /** Address of the local cloud's Vercel, or undefined for Vercel itself. */
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
  readonly onWait?: ((line: string) => void) | undefined;
  readonly limits?: Partial<ApiLimits> | undefined;
}

/** Vercel's REST API with the team in every query. */
export type VercelApi = ApiClient;

/** Vercel, for codes and messages. */
export const vercelVendor: Vendor = {
  code: 'VERCEL',
  name: 'Vercel',
  credentialFix:
    'Set VERCEL_TOKEN to a valid token whose scope includes the team in VERCEL_TEAM_ID (https://vercel.com/account/settings/tokens).',
};

/** Returns a client for Vercel's REST API (https://api.vercel.com), or for the local cloud's. */
export function vercelApi(options: VercelApiOptions): VercelApi {
  const client = createApiClient({
    vendor: vercelVendor,
    baseUrl: options.localUrl ?? 'https://api.vercel.com',
    hosts: options.localUrl === undefined ? ['api.vercel.com'] : 'loopback',
    headers: { authorization: `Bearer ${options.token}` },
    secrets: [options.token],
    clock: options.clock,
    onWait: options.onWait,
    limits: options.limits,
  });
  const team = options.team.startsWith('team_') ? { teamId: options.team } : { slug: options.team };
  const scoped = (request: ApiRequest): ApiRequest => ({ ...request, query: { ...request.query, ...team } });
  return {
    send: (request): Promise<ApiAnswer> => client.send(scoped(request)),
    read: (request, schema) => client.read(scoped(request), schema),
    parse: client.parse,
    refusal: client.refusal,
    close: client.close,
  };
}
