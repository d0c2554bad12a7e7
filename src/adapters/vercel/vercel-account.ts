import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { AccountFacts } from '../../core/ports/accounts.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { printable } from '../../core/printable.ts';
import { apiPath } from '../http/api-path.ts';
import { readClocked } from '../http/clocked.ts';
import type { VercelApi } from './vercel-api.ts';

const userSchema = z.object({ user: z.object({ username: z.string(), email: z.string() }) });
// `billing` is not in the OpenAPI file of 2025-10-29; Vercel's own client reads its plan (vercel 64.0.2, `billing.plan`).
const teamSchema = z.object({
  slug: z.string(),
  name: z.string().nullish(),
  billing: z.object({ plan: z.string() }).nullish(),
  membership: z.object({ role: z.string().nullish() }).nullish(),
});
const tokenSchema = z.object({
  token: z.object({
    scopes: z.array(z.object({ type: z.string(), teamId: z.string().nullish() })).nullish(),
    expiresAt: z.number().nullish(),
  }),
});

/** Returns the account at Vercel that a token is of, in the team (id or slug) that every call goes to. */
export async function readVercelAccount(
  api: VercelApi,
  { team, clock }: { readonly team: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<AccountFacts> {
  const { body, answer } = await readClocked(api, { method: 'GET', path: '/v2/user', signal }, userSchema, clock);
  const asked = { method: 'GET' as const, path: apiPath`/v2/teams/${team}`, accept: [404], signal };
  const found = await api.send(asked);
  if (found.status === 404) throw teamUnknown(team, body.user.username);
  const own = api.parse(asked, found, teamSchema);
  const role = own.membership?.role?.toLowerCase();
  const rights = [...(role === undefined ? [] : [role]), await tokenWords(api, signal)].filter((word) => word !== '');
  return {
    account: `${body.user.username} <${body.user.email}>`,
    team: `team ${own.slug}`,
    rights: rights.length === 0 ? null : rights.join(', '),
    plan: own.billing?.plan ?? null,
    answer,
  };
}

function teamUnknown(team: string, account: string): StagingError {
  return new StagingError('missing', 'VERCEL_TEAM_UNKNOWN', `Vercel knows no team ${printable(team)} that ${printable(account)} is in.`, {
    fix: 'Set VERCEL_ORG_ID to a team of that account, or VERCEL_TOKEN to a token of one who is in it.',
  });
}

/** What a token is for and how long, in words; empty where it may not ask for itself. */
async function tokenWords(api: VercelApi, signal: AbortSignal): Promise<string> {
  const request = { method: 'GET' as const, path: '/v5/user/tokens/current', accept: [403, 404], signal };
  const answer = await api.send(request);
  if (answer.status !== 200) return '';
  const { scopes, expiresAt } = api.parse(request, answer, tokenSchema).token;
  const reach = (scopes ?? []).some(({ type }) => type === 'user') ? 'the whole account' : 'its team alone';
  const until = typeof expiresAt === 'number' ? ` until ${new Date(expiresAt).toISOString().slice(0, 10)}` : ' without an end';
  return `token for ${reach}${until}`;
}
