import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { AccountFacts } from '../../core/ports/accounts.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { printable } from '../../core/printable.ts';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { readClocked } from '../http/clocked.ts';

const profileSchema = z.object({ primary_email: z.string(), username: z.string() });
const organizationSchema = z.object({ id: z.string(), name: z.string(), plan: z.string().nullish() });
const membersSchema = z.array(z.object({ user_name: z.string(), email: z.string().nullish(), role_name: z.string() }));

/** Returns the account at Supabase that an access token is of, in an organisation (its slug). */
export async function readSupabaseAccount(
  api: ApiClient,
  { organization, clock }: { readonly organization: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<AccountFacts> {
  const { body, answer } = await readClocked(api, { method: 'GET', path: '/v1/profile', signal }, profileSchema, clock);
  const asked = { method: 'GET' as const, path: apiPath`/v1/organizations/${organization}`, accept: [404], signal };
  const found = await api.send(asked);
  if (found.status === 404) throw organizationUnknown(organization, body.username);
  const own = api.parse(asked, found, organizationSchema);
  return {
    account: `${body.username} <${body.primary_email}>`,
    team: `organisation ${own.name}`,
    rights: await roleOf(api, { organization, email: body.primary_email }, signal),
    plan: own.plan ?? null,
    answer,
  };
}

function organizationUnknown(organization: string, account: string): StagingError {
  const message = `Supabase knows no organisation ${printable(organization)} that ${printable(account)} is in.`;
  return new StagingError('missing', 'SUPABASE_ORGANIZATION_UNKNOWN', message, {
    fix: 'Set the organisation to the slug in the address of its dashboard, or SUPABASE_ACCESS_TOKEN to a token of one who is in it.',
  });
}

async function roleOf(
  api: ApiClient,
  { organization, email }: { readonly organization: string; readonly email: string },
  signal: AbortSignal,
): Promise<string | null> {
  const request = { method: 'GET' as const, path: apiPath`/v1/organizations/${organization}/members`, accept: [403], signal };
  const answer = await api.send(request);
  if (answer.status !== 200) return null;
  const member = api.parse(request, answer, membersSchema).find((each) => each.email === email);
  return member?.role_name.toLowerCase() ?? null;
}
