import { z } from 'zod';
import type { AccountFacts } from '../../core/ports/accounts.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { ApiClient } from '../http/api-client.ts';
import { readClocked } from '../http/clocked.ts';

const databasesSchema = z.array(z.object({ database_id: z.string() }));

/** Returns the account at Upstash that an API key is of. Its API names neither the account nor its plan: what it takes is right. */
export async function readUpstashAccount(
  api: ApiClient,
  { email, clock }: { readonly email: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<AccountFacts> {
  const request = { method: 'GET' as const, path: '/v2/redis/databases', signal };
  const { body, answer } = await readClocked(api, request, databasesSchema, clock);
  return { account: email, team: null, rights: `sees ${body.length} Redis databases`, plan: null, answer };
}
