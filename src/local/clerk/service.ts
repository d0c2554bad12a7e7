import { openIssued, randomHex } from '../issued.ts';
import type { LocalService, ServiceContext } from '../service.ts';
import { clerkApi } from './backend-api.ts';
import { openInstance, type ClerkIssued, type ClerkMode } from './instance.ts';
import { openSigningKey } from './signing-key.ts';

/** An emulated Clerk instance. */
export interface ClerkService extends LocalService {
  readonly name: 'clerk' | 'clerk-production';
  readonly issued: ClerkIssued;
}

/** Starts an instance: a `live` one is production's, and has keys of its own. */
export async function startClerk(context: ServiceContext, mode: ClerkMode): Promise<ClerkService> {
  const issued = await openIssued(context.stateDir, () => issueKeys(mode));
  const key = openSigningKey(context.stateDir, issued.instanceId);
  const instance = await openInstance(context.stateDir, { mode, issued, key });
  return {
    name: mode === 'live' ? 'clerk-production' : 'clerk',
    issued,
    app: clerkApi(instance, (line) => context.log(line)),
    stop: async () => undefined,
  };
}

/** A publishable key is the base64 of the Frontend API's host and `$` (clerk.com/docs/guides/how-clerk-works/overview, read 2026-11-22). */
function issueKeys(mode: ClerkMode): ClerkIssued {
  const frontendHost = mode === 'live' ? 'clerk.jetvision-assistant.com' : `jv-local-${randomHex(3)}.clerk.accounts.dev`;
  return {
    instanceId: `ins_${randomHex(14)}`,
    secretKey: `sk_${mode}_${randomHex(21)}`,
    publishableKey: `pk_${mode}_${Buffer.from(`${frontendHost}$`).toString('base64')}`,
    frontendHost,
  };
}
