import { describe, expect, it } from 'vitest';
import { type FaultChoice, faultOf, matchesRequest } from '../../../src/core/local/faults.ts';
import { createFaultBook } from '../../../src/local/traffic/fault-book.ts';

const nothing: FaultChoice = {
  service: 'vercel',
  match: undefined,
  nth: undefined,
  times: undefined,
  status: undefined,
  retryAfterS: undefined,
  body: undefined,
  stale: undefined,
  delayMs: undefined,
  latencyMs: undefined,
  effects: [],
};

describe('faultOf', () => {
  it.each([
    ['no effect', {}, 'no effect was named'],
    ['no service', { service: undefined, status: 500 }, '--service is missing'],
    ['two effects', { effects: ['hang', 'quota'] }, 'hang and quota exclude each other'],
    ['a status beside an effect', { status: 500, effects: ['hang'] }, 'status and hang exclude each other'],
    ['a time to come again without a status', { effects: ['quota'], retryAfterS: 1 }, '--retry-after goes with --status alone'],
    ['a stale answer that is none', { stale: '200x2' }, '"200x2", expected a status and a number such as 404x2'],
    ['latency beside an effect', { latencyMs: 5, effects: ['hang'] }, '--latency stands alone'],
  ] as const)('refuses %s', (_what, choice, message) => {
    expect(() => faultOf({ ...nothing, ...choice })).toThrow(message);
  });

  it.each([
    ['one request unless told otherwise', { status: 429, retryAfterS: 1 }, { match: '*', nth: 1, times: 1, delayMs: 0 }],
    ['until cleared where it does not mend itself', { effects: ['expire-token'], nth: 4 }, { nth: 4, times: null }],
    ['a body alone with 200', { body: '{}' }, { effect: { kind: 'status', status: 200, retryAfterS: undefined, body: '{}' } }],
    ['latency of every service', { service: undefined, latencyMs: 100 }, { service: 'all', times: null, delayMs: 100 }],
    ['stale answers', { stale: '404x2' }, { effect: { kind: 'stale', status: 404, answers: 2 }, times: 1 }],
  ] as const)('takes %s', (_what, choice, wish) => {
    expect(faultOf({ ...nothing, ...choice })).toMatchObject(wish);
  });
});

describe('matchesRequest', () => {
  it.each([
    ['*', true],
    ['POST /v2/files', true],
    ['post /v2/files', true],
    ['/v2/files', true],
    ['* /v2/f*', true],
    ['/v?/files', false],
    ['GET /v2/files', false],
    ['POST /v2/file', false],
    ['POST /v2/files/', false],
  ])('%j and POST /v2/files: %s', (match, expected) => {
    expect(matchesRequest(match, 'POST', '/v2/files')).toBe(expected);
  });
});

describe('the book of faults', () => {
  const get = { service: 'vercel', method: 'GET', path: '/v2/user' };

  it('adds up delays, and takes the oldest of several effects: the others wait', () => {
    const book = createFaultBook();
    book.add(faultOf({ ...nothing, service: undefined, latencyMs: 10 }));
    book.add(faultOf({ ...nothing, delayMs: 5, effects: ['hang'] }));
    book.add(faultOf({ ...nothing, effects: ['quota'] }));

    const met = [book.meet(get), book.meet(get), book.meet(get)];

    expect(met).toMatchObject([
      { ids: ['fault-1', 'fault-2'], delayMs: 15, effect: { kind: 'hang' } },
      { ids: ['fault-1', 'fault-3'], delayMs: 10, effect: { kind: 'quota' } },
      { ids: ['fault-1'], delayMs: 10, effect: { kind: 'none' } },
    ]);
  });

  it('meets no other service', () => {
    const book = createFaultBook();
    book.add(faultOf({ ...nothing, status: 500 }));

    expect(book.meet({ ...get, service: 'upstash' })).toBeUndefined();
    expect(book.list()).toMatchObject([{ matched: 0, applied: 0 }]);
  });

  it('is stale after the nth write alone, and only for reads', () => {
    const book = createFaultBook();
    book.add(faultOf({ ...nothing, stale: '404x1', nth: 2 }));
    const read = () => book.meet(get)?.effect.kind;

    book.wrote('vercel');
    const first = read();
    book.wrote('vercel');
    const written = book.meet({ ...get, method: 'POST' });
    const second = [read(), read()];
    book.wrote('vercel');

    expect([first, written, second, read()]).toEqual([undefined, undefined, ['stale', undefined], undefined]);
  });

  it('forgets what is cleared', () => {
    const book = createFaultBook();
    const one = book.add(faultOf({ ...nothing, status: 500 }));
    book.add(faultOf({ ...nothing, status: 503 }));

    expect([book.clear('fault-9'), book.clear(one.id), book.clear(), book.isEmpty()]).toEqual([0, 1, 1, true]);
  });
});
