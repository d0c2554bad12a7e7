import { describe, expect, it } from 'vitest';
import { LogQueryError, parseLogQuery } from '../../src/local/vercel/log-query.ts';

const entry = {
  deploymentId: 'dpl_1',
  level: 'error',
  message: 'Payment of order 7 failed (card)',
  requestPath: '/api/checkout/7',
  httpStatus: 503,
};

describe('a query of logs', () => {
  it.each([
    [''],
    ['level:error'],
    ['LEVEL:x OR level:ERROR'.replace('LEVEL', 'level')],
    ['(deploymentId:"dpl_1") AND (level:(warning OR error))'],
    ['requestPath:/api/checkout*'],
    ['httpStatus >= 500 AND httpStatus < 600'],
    ['NOT level:info'],
    ['NOT (level:info OR level:warning) failed'],
    ['"order 7"'],
    ['message:"*(card)"'],
  ])('takes the entry by %s', (query) => {
    expect(parseLogQuery(query)(entry)).toBe(true);
  });

  it.each([
    ['level:info'],
    ['deploymentId:"dpl_2" OR httpStatus:200'],
    ['requestPath:/api'],
    ['httpStatus > 503'],
    ['NOT failed'],
    ['level:e.ror'],
  ])('leaves the entry out by %s', (query) => {
    expect(parseLogQuery(query)(entry)).toBe(false);
  });

  it.each([['level:'], ['(level:error'], ['level:error)'], ['"open'], ['httpStatus >= many'], ['AND']])('refuses %s', (query) => {
    expect(() => parseLogQuery(query)).toThrow(LogQueryError);
  });
});
