import type { Plan } from '../../src/core/plan/model.ts';

const base = { vendorId: null, needsPerson: null, costUsdPerMonth: 0 };

/** A plan with one thing of each action. */
export const samplePlan: Plan = {
  version: 1,
  name: 'jet-staging',
  environment: 'staging',
  target: 'local',
  items: [
    {
      ...base,
      resource: 'environment-file',
      id: '/project/.env.staging',
      action: 'unchanged',
      changes: [],
      reason: 'holds every generated secret',
    },
    {
      ...base,
      resource: 'vercel-project',
      id: 'jet-staging',
      vendorId: 'prj_1',
      action: 'drift',
      changes: [{ field: 'nodeVersion', actual: '18.x', wanted: '24.x', outside: true }],
      reason: 'nodeVersion changed outside since the last provision',
      costUsdPerMonth: null,
    },
    {
      ...base,
      resource: 'supabase-project',
      id: 'jet-staging',
      vendorId: 'abcdefghijklmnopqrst',
      action: 'update',
      changes: [
        {
          field: 'redirectUrls',
          actual: [],
          wanted: ['https://staging.jet.test/**', 'https://jet-staging-git-a-very-long-branch-name-team.vercel.app/**'],
          outside: false,
        },
      ],
      reason: 'the configuration says otherwise',
      costUsdPerMonth: 10,
    },
    {
      ...base,
      resource: 'upstash-database',
      id: 'jet-staging',
      vendorId: 'redis-1',
      action: 'blocked',
      changes: [],
      reason: 'exists, but bears no mark of this environment: `--adopt` takes it over, once you know whose it is',
    },
    {
      ...base,
      resource: 'domain',
      id: 'staging.jet.test',
      action: 'create',
      changes: [{ field: 'project', actual: null, wanted: 'jet-staging', outside: false }],
      reason: 'is not on the project yet',
      needsPerson: 'Add the DNS record CNAME staging.jet.test cname.vercel-dns.com.',
    },
    {
      ...base,
      resource: 'variable',
      id: 'CRON_SECRET',
      action: 'update',
      changes: [{ field: 'value', actual: '#aaaaaaaaaaaa', wanted: '#bbbbbbbbbbbb', outside: false }],
      reason: 'its value is another one now',
    },
  ],
  cost: {
    knownUsdPerMonth: 10,
    unknown: [{ what: 'Vercel project', why: 'Vercel charges seats and use of the whole team, not projects' }],
    parts: [{ what: 'Supabase project', usdPerMonth: 10, source: 'https://supabase.com/docs', readOn: '2026-11-22' }],
    productionUsdPerMonth: 100,
    verdict: 'unknown',
  },
  notes: ['Left alone: 1 variables that the configuration does not declare (THEIRS).'],
};
