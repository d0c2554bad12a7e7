import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { ClerkInstance } from '../../core/isolation/facts.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { createApiClient } from '../http/api-client.ts';
import type { Vendor } from '../http/api-error.ts';

/** Clerk, for codes and messages. */
export const clerkVendor: Vendor = {
  code: 'CLERK',
  name: 'Clerk',
  credentialFix: 'Set CLERK_SECRET_KEY to a secret key of a development instance (https://dashboard.clerk.com, API keys).',
};

// https://clerk.com/docs/reference/backend/types/backend-instance, read 2026-11-22: `environment_type` is development, staging or production.
const instanceSchema = z.object({ id: z.string(), environment_type: z.string() });

/** What asking for an instance needs. */
export interface ClerkQuestion {
  /** Sent to Clerk alone, or to a loopback address. */
  readonly secretKey: string;
  /** Clerk's address as the app has it (`CLERK_API_URL`), or undefined for Clerk itself. */
  readonly apiUrl: string | undefined;
  /** True with the local cloud, which has a Clerk of its own: its keys go to loopback alone, and nobody else is asked. */
  readonly local: boolean;
  readonly clock: Clock;
}

/**
 * Returns the instance that a secret key opens, as Clerk's Backend API (`GET /v1/instance`) describes it, or null when it did not tell: what
 * stands in for the answer then is up to the caller. Throws `CLERK_HOST_REFUSED` (exit 6) rather than send the key anywhere else.
 */
export async function clerkInstance(question: ClerkQuestion, signal: AbortSignal): Promise<ClerkInstance | null> {
  const { secretKey, apiUrl, local, clock } = question;
  if (local && !/^http:\/\/(?:127\.|localhost[:/]|\[::1\])/.test(apiUrl ?? '')) return null;
  const api = createApiClient({
    vendor: clerkVendor,
    baseUrl: apiUrl ?? 'https://api.clerk.com',
    hosts: local ? 'loopback' : ['api.clerk.com'],
    headers: { authorization: `Bearer ${secretKey}` },
    secrets: [secretKey],
    clock,
    limits: { attempts: 2, attemptMs: 5_000, totalMs: 10_000 },
  });
  try {
    const { id, environment_type: type } = await api.read({ method: 'GET', path: '/v1/instance', signal }, instanceSchema);
    return { id, live: type === 'production' };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StagingError && error.kind !== 'refused') return null;
    throw error;
  } finally {
    await api.close();
  }
}
