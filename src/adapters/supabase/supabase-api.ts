import type { Clock } from '../../core/ports/clock.ts';
import { type ApiClient, type ApiLimits, createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';

/** What both of Supabase's APIs need. */
interface CommonOptions {
  readonly clock: Clock;
  readonly onWait?: ((line: string) => void) | undefined;
  readonly limits?: Partial<ApiLimits> | undefined;
}

/** Where the Management API is and who we are there. */
export interface ManagementApiOptions extends CommonOptions {
  readonly accessToken: string;
  /** Address of the local cloud's Supabase, or undefined for Supabase itself. */
  readonly localUrl?: string | undefined;
}

/** A project's gateway and a key for it. */
export interface GatewayOptions extends CommonOptions {
  readonly url: string;
  /** The service role's key, or the anon key. */
  readonly key: string;
  /** True when the gateway is the local cloud's. */
  readonly local: boolean;
}

const management: Vendor = {
  code: 'SUPABASE',
  name: 'Supabase',
  credentialFix:
    'Set SUPABASE_ACCESS_TOKEN to a valid access token of a member of the organization (https://supabase.com/dashboard/account/tokens).',
};

const gateway: Vendor = {
  code: 'SUPABASE',
  name: 'The Supabase project',
  credentialFix:
    'Run `jv-staging provision` again: it reads the keys anew and writes them to .env.staging (STAGING_SUPABASE_SERVICE_KEY, STAGING_SUPABASE_ANON_KEY).',
};

/** Returns a client for Supabase's Management API (https://api.supabase.com), or for the local cloud's. */
export function managementApi(options: ManagementApiOptions): ApiClient {
  return createApiClient({
    ...options,
    vendor: management,
    baseUrl: options.localUrl ?? 'https://api.supabase.com',
    hosts: options.localUrl === undefined ? ['api.supabase.com'] : 'loopback',
    headers: { authorization: `Bearer ${options.accessToken}` },
    secrets: [options.accessToken],
  });
}

/** Returns a client for a project's gateway (`/rest/v1`, `/auth/v1`). */
export function gatewayApi(options: GatewayOptions): ApiClient {
  return createApiClient({
    ...options,
    vendor: gateway,
    baseUrl: options.url,
    hosts: options.local ? 'loopback' : ['*.supabase.co'],
    headers: { apikey: options.key, authorization: `Bearer ${options.key}` },
    secrets: [options.key],
  });
}
