import { describe, expect, it } from 'vitest';
import { planCost } from '../../../src/core/plan/cost.ts';
import { supabasePrice, upstashPrice, vercelPrice } from '../../../src/core/prices.ts';

const cost = (size: string | undefined, plan: string | undefined, production?: number) =>
  planCost(
    [
      { what: 'Supabase project', price: supabasePrice(size) },
      { what: 'Upstash database', price: upstashPrice(plan) },
    ],
    production,
  );

describe('the price table', () => {
  it('gives every figure its source and the day that it was read', () => {
    const sizes = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge'];
    const plans = ['free', 'fixed_250mb', 'fixed_1gb', 'fixed_5gb', 'fixed_10gb', 'fixed_50gb', 'fixed_100gb', 'fixed_500gb'];

    const prices = [...sizes.map(supabasePrice), ...plans.map(upstashPrice)];

    expect(prices).toHaveLength(19);
    for (const price of prices)
      expect(price).toMatchObject({ source: expect.stringMatching(/^https:\/\//), readOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  });

  it('guesses nothing: what is charged by use, or has no published price, has none and says why', () => {
    for (const price of [
      vercelPrice(),
      upstashPrice('payg'),
      upstashPrice(undefined),
      supabasePrice(undefined),
      supabasePrice('48xlarge'),
    ]) {
      expect(price).toEqual({ usdPerMonth: null, why: expect.stringMatching(/\w/) });
    }
  });
});

describe('what staging costs', () => {
  it.each([
    ['within half of production’s', cost('micro', 'fixed_250mb', 41), 'within', 20],
    ['just half of it, which is not less', cost('micro', 'fixed_250mb', 40), 'over', 20],
    ['over half of it', cost('small', 'fixed_250mb', 40), 'over', 25],
    ['over half of it by what is known alone', cost('medium', 'payg', 100), 'over', 60],
    ['unknown with a part that has no price', cost('micro', 'payg', 100), 'unknown', 10],
    ['unknown without production’s cost', cost('micro', 'fixed_250mb'), 'unknown', 20],
  ])('is %s', (_what, { verdict, knownUsdPerMonth }, expected, known) => {
    expect([verdict, knownUsdPerMonth]).toEqual([expected, known]);
  });
});
