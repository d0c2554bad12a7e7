import type { Clock } from '../../core/ports/clock.ts';
import { type ApiClient, type ApiLimits, createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';

/** Where Upstash's Developer API is and who we are there. */
export interface UpstashApiOptions {
  readonly email: string;
  readonly apiKey: string;
  /** Address of the local cloud's Upstash (with its base path), or undefined for Upstash itself. */
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
  readonly onWait?: ((line: string) => void) | undefined;
  readonly limits?: Partial<ApiLimits> | undefined;
}

const vendor: Vendor = {
  code: 'UPSTASH',
  name: 'Upstash',
  credentialFix: 'Set UPSTASH_EMAIL and UPSTASH_API_KEY to an account and a key of it (https://console.upstash.com/account/api).',
};

/** Returns a client for Upstash's Developer API (https://api.upstash.com/v2), or for the local cloud's. */
export function upstashApi(options: UpstashApiOptions): ApiClient {
  const basic = Buffer.from(`${options.email}:${options.apiKey}`).toString('base64');
  return createApiClient({
    vendor,
    baseUrl: options.localUrl ?? 'https://api.upstash.com',
    hosts: options.localUrl === undefined ? ['api.upstash.com'] : 'loopback',
    headers: { authorization: `Basic ${basic}` },
    secrets: [options.apiKey, basic],
    clock: options.clock,
    onWait: options.onWait,
    limits: options.limits,
  });
}
