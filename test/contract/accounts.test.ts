import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSupabaseAccount } from '../../src/adapters/supabase/supabase-account.ts';
import { managementApi } from '../../src/adapters/supabase/supabase-api.ts';
import { systemClock as clock } from '../../src/adapters/system/system-clock.ts';
import { readUpstashAccount } from '../../src/adapters/upstash/upstash-account.ts';
import { upstashApi } from '../../src/adapters/upstash/upstash-api.ts';
import { readVercelAccount } from '../../src/adapters/vercel/vercel-account.ts';
import { vercelApi } from '../../src/adapters/vercel/vercel-api.ts';
import { readDns } from '../../src/adapters/vercel/vercel-managed-project.ts';
import { freePort } from '../support/free-port.ts';
import type { TestCloud } from '../support/local-cloud.ts';
import { startTestCloud } from '../support/local-cloud.ts';

const { signal } = new AbortController();
const limits = { attempts: 1, attemptMs: 5_000, totalMs: 5_000 };
let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud();
}, 60_000);
afterAll(() => cloud.stop(), 30_000);

const vercel = (more: { token?: string; team?: string; localUrl?: string } = {}) => {
  const { token, teamId: team, apiUrl: localUrl } = cloud.endpoints.vercel;
  const own = { token, team, localUrl, ...more };
  return readVercelAccount(vercelApi({ ...own, clock, limits }), { team: own.team, clock }, signal);
};
const supabase = (more: { accessToken?: string; organization?: string } = {}) => {
  const { accessToken, organization, apiUrl: localUrl } = cloud.endpoints.supabase;
  const own = { accessToken, organization, ...more };
  return readSupabaseAccount(managementApi({ ...own, localUrl, clock, limits }), { ...own, clock }, signal);
};
const upstash = (more: { apiKey?: string } = {}) => {
  const { email, apiKey, apiUrl: localUrl } = cloud.endpoints.upstash;
  return readUpstashAccount(upstashApi({ email, apiKey, localUrl, clock, limits, ...more }), { email, clock }, signal);
};

describe('the vendors’ accounts, asked of the local cloud', () => {
  it('name person, team, rights and plan, and their clock is this machine’s', async () => {
    const accounts = await Promise.all([vercel(), supabase(), upstash()]);

    expect(accounts).toMatchObject([
      {
        account: expect.stringContaining('@'),
        team: expect.stringMatching(/^team /),
        rights: 'owner, token for its team alone without an end',
        plan: 'pro',
      },
      { account: expect.stringContaining('@'), team: expect.stringMatching(/^organisation /), rights: 'owner', plan: 'pro' },
      { account: cloud.endpoints.upstash.email, team: null, rights: expect.stringMatching(/^sees \d+ Redis databases$/), plan: null },
    ]);
    for (const { answer } of accounts) expect(Math.abs((answer.vendorAtMs ?? 0) - answer.answeredAtMs)).toBeLessThan(5_000);
  });

  it('refuse what is no credential of theirs, a team and an organisation that they do not know', async () => {
    await expect(vercel({ token: 'wrong' })).rejects.toMatchObject({ kind: 'missing', code: 'VERCEL_FORBIDDEN' });
    await expect(supabase({ accessToken: 'sbp_wrong' })).rejects.toMatchObject({ kind: 'missing', code: 'SUPABASE_FORBIDDEN' });
    await expect(upstash({ apiKey: 'wrong' })).rejects.toMatchObject({ kind: 'missing', code: 'UPSTASH_FORBIDDEN' });
    await expect(vercel({ team: 'team_elsewhere' })).rejects.toMatchObject({ kind: 'missing' });
    await expect(supabase({ organization: 'elsewhere' })).rejects.toMatchObject({ kind: 'missing', code: 'SUPABASE_ORGANIZATION_UNKNOWN' });
  });

  it('that are not reached are told from those that refuse', async () => {
    const port = await freePort();
    await expect(vercel({ localUrl: `http://127.0.0.1:${port}` })).rejects.toMatchObject({ kind: 'vendor', code: 'VERCEL_UNREACHABLE' });
  });

  it('and Vercel sees the DNS of every domain as configured there', async () => {
    const { token, teamId: team, apiUrl: localUrl } = cloud.endpoints.vercel;
    await expect(readDns(vercelApi({ token, team, localUrl, clock, limits }), 'staging.acme.test', signal)).resolves.toBe('configured');
  });
});
