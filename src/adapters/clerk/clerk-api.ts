import type { Clock } from '../../core/ports/clock.ts';
import { type ApiClient, createApiClient } from '../http/api-client.ts';
import { clerkVendor } from './clerk-instance.ts';

/** Which Clerk instance is spoken to. */
export interface ClerkOptions {
  /** Of a development instance; sent to Clerk alone, or to loopback. */
  readonly secretKey: string;
  /** Address of the local cloud's Clerk, or undefined for Clerk itself. */
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
}

/** Returns a client of Clerk's Backend API (clerk.com/docs/reference/backend-api). */
export function clerkApi({ secretKey, localUrl, clock }: ClerkOptions): ApiClient {
  return createApiClient({
    vendor: clerkVendor,
    baseUrl: localUrl ?? 'https://api.clerk.com',
    hosts: localUrl === undefined ? ['api.clerk.com'] : 'loopback',
    headers: { authorization: `Bearer ${secretKey}` },
    secrets: [secretKey],
    clock,
    limits: { attempts: 2, attemptMs: 5_000, totalMs: 10_000 },
  });
}
