import { judgeShare, priceFindings, sharesOf } from '../../src/core/cost/judge.ts';
import type { ClassifiedMigration, StatementClass } from '../../src/core/migrate/classify.ts';
import { classFinding } from '../../src/core/migrate/findings.ts';
import { type Finding, combineVerdicts, type StageResult } from '../../src/core/verdict.ts';

const result = (stage: string, findings: readonly Finding[], summary: string): StageResult => ({
  stage,
  verdict: combineVerdicts(findings.map(({ verdict }) => verdict)),
  summary,
  findings,
  startedAt: '2026-11-27T12:00:00.000Z',
  durationMs: 2_340,
  details: null,
});

const migration = (file: string, statement: StatementClass, reason: string): ClassifiedMigration => ({
  version: file.slice(0, 14),
  file,
  statements: [{ line: 3, column: 1, text: 'x', class: statement, reason, losses: [{ table: 'public.users', column: 'name' }] }],
  class: statement,
  noTransaction: false,
  allowDestructive: null,
});

/** What `migrate check` says of a migration that only adds and one that takes away. */
export const sampleMigrateCheck = result(
  'migrate',
  [
    classFinding(migration('20260108090000_expand.sql', 'additive', 'adds column public.users.title'), []),
    classFinding(migration('20260109090000_contract.sql', 'destructive', 'drops column public.users.name'), [
      { table: 'public.users', column: 'name', rows: 12 },
    ]),
  ],
  '1 of 2 green',
);

const parts = [
  { what: 'Supabase project', usdPerMonth: 10, source: 'https://supabase.example/pricing', readOn: '2026-11-26' },
  { what: 'Upstash database', usdPerMonth: 0, source: 'https://upstash.example/pricing', readOn: '2026-11-26' },
];
const unknown = [{ what: 'Vercel project', why: 'Vercel charges seats and use of the whole team, not projects' }];

/** What `cost` says where one part has no price. The prices are made up. */
export const sampleCost = result(
  'cost',
  [
    ...priceFindings({ parts, unknown }),
    judgeShare({
      knownUsdPerMonth: 10,
      unknown,
      parts,
      productionUsdPerMonth: 100,
      verdict: 'unknown',
      upToUsdPerMonth: null,
      shareOfProduction: sharesOf(10, null, 100),
      idleCommands: null,
    }),
  ],
  '$10 a month at least',
);

/** What `gate` says: what passed, what was too short and what failed, as its stage words them. Made up. */
export const sampleGate = result(
  'gate',
  [
    {
      id: 'ac-1',
      title: 'AC-1 Vercel staging project created and deployed',
      verdict: 'green',
      seen: 'dpl_8Kq2 is live',
      message: 'Rests on plan.json (sha256 4f1c2ab9d03e).',
      expected: 'a project with a live deployment',
    },
    {
      id: 'ac-9',
      title: 'AC-9 Load tests pass (50 concurrent users)',
      verdict: 'red',
      seen: 'short: 30 s at 50 users',
      expected: '2 minutes at 50 users',
      fix: 'Run `jv-staging load --profile full`.',
    },
    {
      id: 'ac-13',
      title: 'AC-13 Code review approved',
      verdict: 'red',
      seen: 'failed: 0 approvals, 1 asks for changes',
      expected: 'one approval, no changes asked for',
      fix: 'Settle what the review asks for.',
    },
  ],
  '1 of 3 criteria pass for commit 4f1c2ab9d03e',
);
