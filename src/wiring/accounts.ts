import { readSupabaseAccount } from '../adapters/supabase/supabase-account.ts';
import { managementApi } from '../adapters/supabase/supabase-api.ts';
import { readUpstashAccount } from '../adapters/upstash/upstash-account.ts';
import { upstashApi } from '../adapters/upstash/upstash-api.ts';
import { readVercelAccount } from '../adapters/vercel/vercel-account.ts';
import { vercelApi } from '../adapters/vercel/vercel-api.ts';
import { readDns } from '../adapters/vercel/vercel-managed-project.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import type { Accounts } from '../core/ports/accounts.ts';
import type { EnvReference } from '../core/settings.ts';
import type { Context } from './context.ts';
import { type CredentialName, credentialMissing, refuseMalformed } from './platforms.ts';

/** A question of the doctor's is not worth the patience of a deploy: two tries, 15 s in all. */
const limits = { attempts: 2, attemptMs: 10_000, totalMs: 15_000 };

/** Returns the vendors' accounts by the configuration's credentials, or the local cloud's by those that it issued. */
export function accountsOf(context: Context, local: LocalEndpoints | undefined): Accounts {
  const { clock } = context;
  const { vercel, supabase, upstash } = context.settings();
  const common = { clock, limits };
  const value = (reference: EnvReference) => context.secrets.read(reference) ?? '';
  const vercelAccess = () => {
    if (local !== undefined) return { token: local.vercel.token, team: local.vercel.teamId, localUrl: local.vercel.apiUrl };
    requireValues(context, { token: vercel.token, team: vercel.team });
    return { token: value(vercel.token), team: value(vercel.team) };
  };
  const supabaseAccess = () => {
    if (local !== undefined) {
      const { accessToken, organization, apiUrl: localUrl } = local.supabase;
      return { accessToken, organization, localUrl };
    }
    requireValues(context, { accessToken: supabase.accessToken, organization: supabase.organization });
    return { accessToken: value(supabase.accessToken), organization: value(supabase.organization) };
  };
  const upstashAccess = () => {
    if (local !== undefined) return { email: local.upstash.email, apiKey: local.upstash.apiKey, localUrl: local.upstash.apiUrl };
    requireValues(context, { email: upstash.email, apiKey: upstash.apiKey });
    return { email: value(upstash.email), apiKey: value(upstash.apiKey) };
  };
  return {
    vendors: [
      {
        id: 'vercel',
        title: 'Vercel',
        read: async (signal) => {
          const access = vercelAccess();
          return closing(vercelApi({ ...access, ...common }), (api) => readVercelAccount(api, { ...access, clock }, signal));
        },
      },
      {
        id: 'supabase',
        title: 'Supabase',
        read: async (signal) => {
          const access = supabaseAccess();
          return closing(managementApi({ ...access, ...common }), (api) => readSupabaseAccount(api, { ...access, clock }, signal));
        },
      },
      {
        id: 'upstash',
        title: 'Upstash',
        read: async (signal) => {
          const access = upstashAccess();
          return closing(upstashApi({ ...access, ...common }), (api) => readUpstashAccount(api, { ...access, clock }, signal));
        },
      },
    ],
    dns: async (domain, signal) => closing(vercelApi({ ...vercelAccess(), ...common }), (api) => readDns(api, domain, signal)),
  };
}

/** Throws `CREDENTIAL_MISSING` (exit 3) and `CREDENTIAL_MALFORMED` (exit 2). */
function requireValues({ secrets }: Context, references: Readonly<Partial<Record<CredentialName, EnvReference>>>): void {
  const missing = Object.values(references).filter((reference) => secrets.read(reference) === undefined);
  if (missing.length > 0) throw credentialMissing(missing);
  refuseMalformed(references, secrets);
}

async function closing<Api extends { close(): Promise<void> }, Value>(api: Api, use: (api: Api) => Promise<Value>): Promise<Value> {
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}
