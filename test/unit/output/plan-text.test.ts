import { describe, expect, it } from 'vitest';
import { renderPlanText } from '../../../src/output/plan-text.ts';
import { displayWidth } from '../../../src/output/text-width.ts';
import { samplePlan } from '../../support/sample-plan.ts';

describe('a plan on the terminal', () => {
  it('says what is not as wished, why, what it costs and what a person has to do', () => {
    expect(renderPlanText(samplePlan, { columns: 80, color: 0 })).toMatchInlineSnapshot(`
      "Plan for jet-staging (staging, target local): 1 to create, 2 to update, 1
      changed outside, 1 blocked, 1 unchanged

        ≠  Vercel project  nodeVersion changed outside since the last provision
            nodeVersion: 18.x → 24.x (changed outside)
        ~  Supabase project  the configuration says otherwise
            redirectUrls: none → https://staging.jet.test/**,
            https://jet-staging-git-a-very-long-branch-name-team.vercel.app/**
        !  Upstash database  exists, but bears no mark of this environment: \`--adopt\`
                             takes it over, once you know whose it is
        +  domain staging.jet.test  is not on the project yet
            project: jet-staging
        ~  variable CRON_SECRET  its value is another one now

        cost at least $10 a month; unknown: Vercel project: Vercel charges seats and
             use of the whole team, not projects. Whether it stays within half of
             production’s $100 is unknown.
        for you Add the DNS record CNAME staging.jet.test cname.vercel-dns.com.
        note Left alone: 1 variables that the configuration does not declare (THEIRS).
      "
    `);
  });

  it.each([60, 80, 120])('is readable at %i columns', (columns) => {
    const lines = renderPlanText(samplePlan, { columns, color: 0 }).split('\n');

    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
    expect(lines.length).toBeGreaterThan(10);
  });

  it('says in one line that there is nothing to do', () => {
    const plan = { ...samplePlan, items: samplePlan.items.filter((item) => item.action === 'unchanged') };

    expect(renderPlanText(plan, { columns: 120, color: 0 }).split('\n')[0]).toBe(
      'Plan for jet-staging (staging, target local): nothing to do, 1 things as wished',
    );
  });

  it('makes control characters of names from elsewhere visible', () => {
    const [first] = samplePlan.items;
    if (first === undefined) throw new Error('The sample is empty.');
    const plan = { ...samplePlan, items: [{ ...first, action: 'blocked' as const, reason: 'named \u001B[31mred' }] };

    expect(renderPlanText(plan, { columns: 80, color: 0 })).not.toContain('\u001B');
  });
});
