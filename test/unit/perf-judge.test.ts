import { describe, expect, test } from 'vitest';
import { judgeEndpoint, judgeMachine, judgePage } from '../../src/core/perf/judge.ts';
import { perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import { requestStatistics } from '../../src/core/statistics.ts';
import { pageRun } from '../support/measured.ts';

const origin = 'https://staging.example.com';
const settings = perfSettingsForUrl('/');
const page = { id: 'page', path: '/', as: 'nobody' } as const;

function verdicts(runs: readonly ReturnType<typeof pageRun>[], path = '/') {
  return Object.fromEntries(
    judgePage({ page: { ...page, path }, formFactor: 'desktop', runs }, origin, settings).map((finding) => [finding.id, finding.verdict]),
  );
}

describe('a page', () => {
  test.each([
    { scores: [84, 86, 90], verdict: 'green', why: 'the median 86 is above 85' },
    { scores: [85, 85, 85], verdict: 'red', why: '85 is not above 85' },
    { scores: [84, 84, 100], verdict: 'red', why: 'the best run does not count' },
    { scores: [60, 95, 96], verdict: 'inconclusive', why: 'the runs contradict each other around the budget' },
    { scores: [20, 50, 60], verdict: 'red', why: 'a wide spread below the budget is still below it' },
  ])('with scores $scores is $verdict: $why', ({ scores, verdict }) => {
    expect(verdicts(scores.map((score) => pageRun({ score })))['page-score']).toBe(verdict);
  });

  test('whose scores contradict each other is still judged by what all of its runs keep, or break', () => {
    const runs = [60, 95, 96].map((score, index) =>
      pageRun({ score, totalBlockingTimeMs: [900, 100, 90][index] ?? 0, pageLoadMs: 3500, cumulativeLayoutShift: 0 }),
    );
    const findings = judgePage({ page, formFactor: 'desktop', runs }, origin, settings);

    expect(Object.fromEntries(findings.map(({ id, verdict }) => [id, verdict]))).toMatchObject({
      'page-score': 'inconclusive',
      'page-tbt': 'inconclusive',
      'page-load': 'red',
      'page-cls': 'green',
    });
    expect(findings.find(({ id }) => id === 'page-score')?.message).toBe('The runs lie 36 points apart with the budget between them.');
    expect(findings.find(({ id }) => id === 'page-tbt')?.message).toBe('2 of 3 runs keep the budget.');
  });

  test('must load in less than the budget: 3000 ms is red', () => {
    expect(verdicts([pageRun({ pageLoadMs: 2999 })])['page-load']).toBe('green');
    expect(verdicts([pageRun({ pageLoadMs: 3000 })])['page-load']).toBe('red');
  });

  test('that redirects to a sign-in page is red however good its score, and has no score at all', () => {
    const findings = judgePage(
      { page, formFactor: 'desktop', runs: [pageRun({ score: 100, finalUrl: `${origin}/sign-in?next=/` })] },
      origin,
      settings,
    );

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: 'page-page',
      verdict: 'red',
      seen: '200 from /sign-in',
      message: expect.stringContaining('sign-in page'),
    });
  });

  test.each([
    { finalUrl: 'https://vercel.com/sso-api?url=x', message: 'sign-in page' },
    { finalUrl: 'https://parked.example/', message: 'another page' },
    { finalUrl: 'https://staging.example.com/other', message: 'another page' },
    { finalUrl: 'http://staging.example.com/', message: 'another page' },
    { finalUrl: 'chrome-error://chromewebdata/', message: 'another page' },
  ])('that ends at $finalUrl is red: $message', ({ finalUrl, message }) => {
    const [finding] = judgePage({ page, formFactor: 'desktop', runs: [pageRun(), pageRun({ finalUrl })] }, origin, settings);

    expect(finding).toMatchObject({ verdict: 'red', message: expect.stringContaining(message) });
  });

  test.each(['/about/', '/about?from=ad', '/about#team'])('that ends at %s is the page /about', (path) => {
    expect(verdicts([pageRun({ finalUrl: `${origin}${path}` })], '/about')['page-page']).toBe('green');
  });

  test.each([404, 500, 0])('that answers %i in one of its runs is red', (status) => {
    expect(verdicts([pageRun(), pageRun({ status })])).toEqual({ 'page-page': 'red' });
  });

  test('that was never audited is red', () => {
    expect(verdicts([])).toEqual({ 'page-page': 'red' });
  });
});

describe('the machine', () => {
  const judge = (...pages: readonly (readonly ReturnType<typeof pageRun>[])[]) => judgeMachine(pages, settings.budgets).verdict;
  const runs = (indexes: readonly number[], scores: readonly number[] = []) =>
    indexes.map((benchmarkIndex, index) => pageRun({ benchmarkIndex, score: scores[index] ?? 100 }));

  test.each([
    { indexes: [627, 1001, 1587], verdict: 'green' },
    { indexes: [250, 250, 250], verdict: 'green' },
    { indexes: [240, 400, 600], verdict: 'green' },
    { indexes: [249, 249, 1000], verdict: 'inconclusive' },
    { indexes: [], verdict: 'inconclusive' },
  ])('with indexes $indexes is $verdict: the median must reach the floor', ({ indexes, verdict }) => {
    expect(judge(runs(indexes))).toBe(verdict);
  });

  test.each([
    { scores: [100, 100, 98], verdict: 'green', why: 'noise cannot have passed the page' },
    { scores: [80, 82, 84], verdict: 'inconclusive', why: 'noise may have failed the page' },
    { scores: [80, 90, 92], verdict: 'inconclusive', why: 'the runs lie on both sides' },
    { scores: [30, 32, 40], verdict: 'green', why: 'noise does not explain such a score' },
  ])('whose speed changed 5x, with scores $scores is $verdict: $why', ({ scores, verdict }) => {
    expect(judge(runs([351, 900, 1818], scores))).toBe(verdict);
    expect(judge(runs([800, 900, 1000], scores))).toBe('green');
  });

  test('whose speed changed cannot judge a load time with runs on both sides of the budget', () => {
    const slow = [pageRun({ benchmarkIndex: 351, pageLoadMs: 3200 }), pageRun({ benchmarkIndex: 1818, pageLoadMs: 900 })];

    expect(judge(runs([900]), slow)).toBe('inconclusive');
  });
});

describe('an endpoint', () => {
  const endpoint = { id: 'health', method: 'GET', path: '/api/health', as: 'nobody', status: 200 } as const;
  const good = requestStatistics([{ latencyMs: 30, error: null }]);
  const judge = (latencyMs: number, errors: readonly string[] = [], count = 50) =>
    judgeEndpoint(
      {
        endpoint,
        cold: good,
        warm: requestStatistics([
          ...Array.from({ length: count }, () => ({ latencyMs, error: null })),
          ...errors.map((error) => ({ latencyMs: error === 'refused' ? null : latencyMs, error })),
        ]),
      },
      settings,
    )[1];

  test('must stay below the budget: 2000 ms is red', () => {
    expect(judge(1999)?.verdict).toBe('green');
    expect(judge(2000)?.verdict).toBe('red');
  });

  test('is judged cold and warm apart', () => {
    const slow = requestStatistics([{ latencyMs: 2500, error: null }]);

    expect(judgeEndpoint({ endpoint, cold: slow, warm: good }, settings)).toMatchObject([
      { id: 'health-cold-p95', verdict: 'red', seen: 'p50 2500 ms, p95 2500 ms, p99 2500 ms over 1 requests' },
      { id: 'health-p95', verdict: 'green' },
    ]);
  });

  test('with one answer of another status is red, and the status is named', () => {
    expect(judge(20, ['401'])).toMatchObject({
      verdict: 'red',
      seen: expect.stringContaining('401 x1'),
      message: '1 of 51 answers were not 200.',
    });
  });

  test('without any answer is red: a percentile over nothing is not green', () => {
    expect(judge(0, [], 0)).toMatchObject({ verdict: 'red', seen: 'no answer to 0 requests' });
    expect(judge(0, ['refused', 'refused'], 0)).toMatchObject({ verdict: 'red', seen: 'no answer to 2 requests (refused x2)' });
  });
});
