import { describe, expect, it } from 'vitest';
import { checkAnswers, requireSpecifiedAnswers } from '../support/openapi/answer-check.ts';
import type { Answer } from '../support/openapi/judge.ts';
import { readSpecification } from '../support/openapi/specification.ts';
import { tolerated } from '../support/openapi/tolerated.ts';

const json = (vendor: Answer['vendor'], method: string, path: string, status: number, body: unknown): Answer => ({
  vendor,
  method,
  path,
  status,
  type: 'application/json',
  body: JSON.stringify(body),
});

const organization = { id: 'o', slug: 'o', name: 'O' };
const team = json('vercel', 'GET', '/v2/teams', 200, { teams: [], pagination: { count: 0, next: null, prev: null } });

/** Each with what is wrong in it, as the check says it. */
const wrong: readonly (readonly [what: string, answer: Answer, problem: string])[] = [
  [
    'a field that is missing',
    json('supabase', 'GET', '/v1/organizations', 200, [{ id: 'o', slug: 'o' }]),
    "GET /v1/organizations 200 /* must have required property 'name'",
  ],
  [
    'a field of another type, deep down',
    json('upstash', 'GET', '/v2/redis/database/x', 200, { port: '6379' }),
    'GET /redis/database/{id} 200 /port must be',
  ],
  [
    'a null that is not allowed',
    json('supabase', 'GET', '/v1/organizations', 200, [{ ...organization, name: null }]),
    'GET /v1/organizations 200 /*/name must be string',
  ],
  ['a status that is not specified', { ...team, status: 204 }, 'GET /v2/teams 204 status is not one of 200, 400, 401, 403'],
  ['another media type', { ...team, type: 'text/html' }, 'GET /v2/teams 200 type is text/html, not application/json'],
  ['a body that is no JSON', { ...team, body: '{"teams":' }, 'GET /v2/teams 200 body is not JSON'],
  ["an error in another vendor's shape", json('vercel', 'GET', '/v2/user', 403, { message: 'no' }), "must have required property 'error'"],
  [
    'an error in another shape, of a route that nobody specifies',
    json('vercel', 'GET', '/nothing', 404, { message: 'no' }),
    "GET /nothing 404 body must have required property 'error'",
  ],
];

describe('the check of answers', () => {
  it.each(wrong)('notices %s', (_what, answer, problem) => {
    expect(() => requireSpecifiedAnswers([answer])).toThrow(problem);
  });

  it('says how much it looked at, and finds an operation in any version of its path', () => {
    const answers = [
      team,
      { ...team, path: '/teams' },
      { ...team, path: '/v7/now/teams' },
      json('supabase', 'GET', '/v1/organizations', 200, [organization]),
      json('upstash', 'DELETE', '/v2/redis/database/x', 200, 'OK'),
      json('vercel', 'GET', '/nothing', 404, { error: { code: 'not_found', message: 'no' } }),
    ];

    expect(checkAnswers(answers)).toEqual({
      answers: 6,
      operations: ['GET /v2/teams', 'GET /v1/organizations', 'DELETE /redis/database/{id}'],
      unspecified: 1,
      violations: [],
    });
  });

  it('read the whole of each file', () => {
    const counts = (['vercel', 'supabase', 'upstash'] as const).map((vendor) => readSpecification(vendor).operations);

    expect(counts).toEqual([217, 164, 58]);
  });

  it('takes the words of a path before its parameters', () => {
    const found = readSpecification('vercel').find('GET', '/v1/integrations/configurations');

    expect(found.map(({ key }) => key)).toEqual(['GET /v1/integrations/configurations']);
  });

  it('tolerates nothing without a reason', () => {
    expect(tolerated.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});
