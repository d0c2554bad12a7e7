import { describe, expect, it } from 'vitest';
import { judgeWatch, watchedChecks, type WatchHead, type WatchSample } from '../../src/core/smoke/watch.ts';

const head: WatchHead = {
  environment: 'staging',
  target: 'cloud',
  origin: 'https://staging.jet.test',
  releaseId: 'rel_1',
  gitSha: 'c'.repeat(40),
  deploymentId: 'dpl_1',
  forMs: 600_000,
  everyMs: 5000,
  checks: [
    { id: 'home', title: 'Home' },
    { id: 'health', title: 'Health' },
  ],
};
const startMs = Date.UTC(2026, 10, 26, 12);
const at = (ms: number) => new Date(startMs + ms).toISOString();
const down = [{ id: 'home', message: 'The home page answered with status 500, not 200.' }];

/** Looks every 5 s; those of `red` find the home page down. */
function looks(count: number, red: readonly number[] = []): readonly WatchSample[] {
  return Array.from({ length: count }, (_, look) => ({ at: at(look * 5000), durationMs: 40, down: red.includes(look) ? down : [] }));
}

describe('the verdict of a watch', () => {
  it.each([
    ['120 good looks', looks(120), 'green', 1],
    ['one bad look of 120', looks(120, [7]), 'green', 119 / 120],
    ['two bad looks of 120', looks(120, [7, 90]), 'red', 118 / 120],
    ['exactly 99 %', looks(100, [7]), 'green', 0.99],
    ['fewer looks than tell 99 % from less', looks(99), 'inconclusive', 1],
    ['one bad look of few: 99 more could mend it', looks(20, [3]), 'inconclusive', 0.95],
    ['two bad looks of few: nothing could mend it', looks(20, [3, 4]), 'red', 0.9],
    ['no look at all', [], 'inconclusive', null],
  ] as const)('%s', (_what, samples, verdict, availability) => {
    const result = judgeWatch(head, samples);

    expect(result).toMatchObject({
      stage: 'watch',
      verdict,
      findings: [{ id: 'availability', verdict }, { id: 'home' }, { id: 'health' }],
    });
    if (availability === null) expect(result.details.availability).toBeNull();
    else expect(result.details.availability).toBeCloseTo(availability, 9);
    const isMissing = (text: string | undefined) => (text ?? '') === '';
    expect(result.findings.filter((one) => one.verdict !== 'green' && one.id === 'availability' && isMissing(one.message))).toEqual([]);
  });

  it('names the outages with when, how long and what, and the check that was down', () => {
    const { findings, details } = judgeWatch(head, looks(120, [10, 11, 12, 40]));

    expect(details.outages).toEqual([
      { from: at(50_000), durationMs: 15_000, samples: 3, checks: ['home'], message: down[0]?.message },
      { from: at(200_000), durationMs: 5000, samples: 1, checks: ['home'], message: down[0]?.message },
    ]);
    expect(findings[0]?.seen).toBe('96.66 % of 10 m 00 s, 120 looks, 2 outages: 12:00:50 UTC for 15 s, 12:03:20 UTC for 5 s');
    expect(findings.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['availability', 'red'],
      ['home', 'red'],
      ['health', 'green'],
    ]);
  });

  it('does not hold its own shortness against a check that was always there', () => {
    const { findings } = judgeWatch(head, looks(5, [2]));

    expect(findings.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'availability inconclusive',
      'home inconclusive',
      'health green',
    ]);
  });

  it('counts time, not looks: one that waited 30 s for an answer weighs more than a quick one', () => {
    const quick = looks(110);
    const slow: WatchSample = { at: at(110 * 5000), durationMs: 30_000, down };
    const later = Array.from({ length: 20 }, (_, look): WatchSample => ({ at: at(117 * 5000 + look * 5000), durationMs: 40, down: [] }));

    const { details, verdict } = judgeWatch(head, [...quick, slow, ...later]);

    expect(details.outages).toMatchObject([{ durationMs: 35_000, samples: 1 }]);
    expect(verdict).toBe('red');
  });

  it('says nothing of the time in which the machine slept', () => {
    const after = looks(60).map((sample, look) => ({ ...sample, at: at(3_600_000 + look * 5000) }));

    const { details, verdict } = judgeWatch(head, [...looks(60), ...after]);

    expect(verdict).toBe('inconclusive');
    expect(details.unwatchedMs).toBe(3_600_000 - 60 * 5000 - 5000);
  });

  it('never rounds up to 99 %', () => {
    const samples = looks(
      10_000,
      Array.from({ length: 101 }, (_, each) => each * 50),
    );

    const { findings, verdict } = judgeWatch(head, samples);

    expect(verdict).toBe('red');
    expect(findings[0]?.seen).toMatch(/^98\.99 %/);
  });
});

describe('what is repeated', () => {
  it('signs nobody in, changes nothing, and has no second try', () => {
    const page = { id: 'home', title: 'Home', kind: 'page', path: '/', as: 'nobody', status: 200, marker: '', timeoutMs: 1 } as const;
    const api = {
      id: 'list',
      title: 'List',
      kind: 'api',
      method: 'GET',
      path: '/api',
      as: 'nobody',
      status: 200,
      fields: {},
      timeoutMs: 1,
    } as const;

    const checks = watchedChecks([
      { ...page, browser: true, retry: true, needs: ['list'] },
      { ...page, id: 'dashboard', as: { user: 'agent@staging.test' } },
      api,
      { ...api, id: 'create', method: 'POST' },
      { id: 'queue', title: 'Queue', kind: 'queue', queue: 'q', worker: '/w', timeoutMs: 1 },
    ]);

    expect(checks).toEqual([{ ...page, browser: false }, api]);
  });
});
