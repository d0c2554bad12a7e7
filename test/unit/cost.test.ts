import { describe, expect, it } from 'vitest';
import { commandCalls } from '../../src/adapters/gauges/redis-gauges.ts';
import { commandPrice, idleRate, type IdleRate, judgeCommands } from '../../src/core/cost/commands.ts';
import { type CostDetails, judgeShare, priceFindings, sharesOf } from '../../src/core/cost/judge.ts';
import { upstashPrice } from '../../src/core/prices.ts';

const rate = (atLeastPerMonth: number, atMostPerMonth: number): { readonly rate: IdleRate } => ({
  rate: { windowMs: 15_000, atLeastPerMonth, atMostPerMonth },
});
const unmeasured = { rate: null, why: 'a queue is at work' } as const;

describe('the commands of an idle Redis', () => {
  it('are read from INFO commandstats, and from nothing else', () => {
    const info = '# Commandstats\r\ncmdstat_evalsha:calls=14,usec=3,usec_per_call=1.00\r\ncmdstat_client|setinfo:calls=2,usec=1\r\n';

    expect(commandCalls(info)).toEqual({ evalsha: 14, 'client|setinfo': 2 });
    expect(commandCalls('# Server\r\nredis_version:7.0.15\r\n')).toBeUndefined();
  });

  // field.md: one idle worker of BullMQ sends 14 EVALSHA and 12 BZPOPMIN a minute, and 84 more within scripts: 1.12 to 4.75 million in 30 days.
  it('are projected on 30 days, from what clients surely sent up to all that was counted', () => {
    const before = { evalsha: 100, bzpopmin: 50, hget: 1000, info: 1 };
    const after = { evalsha: 114, bzpopmin: 62, hget: 1080, zrange: 4, info: 9, 'client|setinfo': 4 };

    expect(idleRate(before, after, 60_000)).toEqual({ windowMs: 60_000, atLeastPerMonth: 1_123_200, atMostPerMonth: 4_752_000 });
  });

  it('are not known when the server began to count anew', () => {
    expect(idleRate({ evalsha: 100 }, { evalsha: 3 }, 60_000)).toBeUndefined();
  });

  it.each([
    ['free', rate(100_000, 400_000), 'green'],
    ['free', rate(100_000, 600_000), 'inconclusive'],
    ['free', rate(1_123_200, 4_752_000), 'red'],
    ['free', unmeasured, 'inconclusive'],
    ['payg', unmeasured, 'inconclusive'],
    ['fixed_250mb', rate(1_123_200, 4_752_000), 'green'],
    ['fixed_250mb', unmeasured, 'green'],
    [undefined, unmeasured, 'inconclusive'],
  ] as const)('on plan %s, measured as %j, are %s', (plan, measured, verdict) => {
    expect(judgeCommands(plan, measured).verdict).toBe(verdict);
  });

  it('cost what pay as you go says, as a range, with its source', () => {
    const { price, upToUsdPerMonth } = commandPrice('payg', upstashPrice('payg'), rate(1_123_200, 4_752_000));

    expect(price).toMatchObject({ usdPerMonth: 2.25, source: expect.stringContaining('upstash.com/pricing'), readOn: expect.any(String) });
    expect(upToUsdPerMonth).toBe(9.5);
    expect(commandPrice('payg', upstashPrice('payg'), unmeasured)).toMatchObject({ price: { usdPerMonth: null }, upToUsdPerMonth: null });
  });
});

describe('the share of production’s cost', () => {
  const details = (from: number, upTo: number | null, production: number | null): CostDetails => ({
    knownUsdPerMonth: from,
    upToUsdPerMonth: upTo,
    productionUsdPerMonth: production,
    shareOfProduction: sharesOf(from, upTo, production),
    parts: [],
    unknown: [],
    verdict: 'unknown',
    idleCommands: null,
  });

  it.each([
    ['less than half', details(20, 20, 100), 'green', '20 %: $20 of $100 a month'],
    ['just half', details(50, 50, 100), 'red', '50 %: $50 of $100 a month'],
    ['over half by what is known alone', details(60, null, 100), 'red', '60 % or more: at least $60 of $100 a month'],
    ['a range across the limit', details(45, 55, 100), 'inconclusive', '45 % to 55 %: $45 to $55 of $100 a month'],
    ['a part without a price', details(10, null, 100), 'inconclusive', '10 % or more: at least $10 of $100 a month'],
    ['no cost of production', details(10, 10, null), 'inconclusive', '$10 a month known, production’s unknown'],
  ] as const)('is judged with %s', (_what, cost, verdict, seen) => {
    expect(judgeShare(cost)).toMatchObject({ verdict, seen });
  });

  it('names of each price where and when it was read, and takes one without for unknown', () => {
    const parts = [{ what: 'Upstash database', usdPerMonth: 10, source: 'https://upstash.com/pricing', readOn: '2026-11-22' }];
    const findings = priceFindings({ parts, unknown: [{ what: 'Vercel project', why: 'Vercel charges seats' }] });

    expect(findings.map(({ verdict, seen }) => [verdict, seen])).toEqual([
      ['green', '$10 a month (https://upstash.com/pricing, read 2026-11-22)'],
      ['inconclusive', 'unknown'],
    ]);
  });
});
