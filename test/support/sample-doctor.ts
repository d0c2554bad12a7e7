import type { Finding } from '../../src/core/verdict.ts';

/** What the doctor finds on a machine where not all is well: made up, one of each kind. */
export const sampleDoctor: readonly Finding[] = [
  { id: 'node', title: 'Node', verdict: 'green', seen: '24.21.0 at /usr/bin/node', expected: '22.19 or newer runs jv-staging' },
  {
    id: 'k6',
    title: 'k6',
    verdict: 'skipped',
    seen: 'not found on PATH',
    expected: '`load`; the embedded engine steps in where there is none',
    fix: 'Run `jv-staging doctor --install k6`.',
  },
  {
    id: 'credential-upstash-api-key',
    title: 'UPSTASH_API_KEY',
    verdict: 'green',
    seen: 'in .env.staging, unchanged for 12 days at least',
    expected: 'set in the environment or in .env.staging',
  },
  {
    id: 'vercel-account',
    title: 'Vercel credentials',
    verdict: 'green',
    seen: 'ann <ann@example.test>, in team acme, owner, token for its team alone until 2027-01-31',
    expected: 'taken',
  },
  {
    id: 'vercel-plan',
    title: 'Vercel plan',
    verdict: 'red',
    seen: 'hobby',
    expected: 'pro or enterprise',
    fix: 'Upgrade the team at https://vercel.com/account/plans, or name another in VERCEL_ORG_ID.',
  },
  { id: 'upstash-account', title: 'Upstash credentials', verdict: 'inconclusive', seen: 'unknown: it was not reached', expected: 'taken' },
  {
    id: 'dns',
    title: 'DNS of staging.example.test',
    verdict: 'red',
    seen: 'leads elsewhere, or nowhere',
    expected: 'leads to Vercel',
    fix: 'Add the record `staging.example.test CNAME cname.vercel-dns.com.` where the domain’s DNS is kept.',
  },
];
