import { expect, test } from 'vitest';
import { parseQueueSeed } from '../../src/config/queue-seed-schema.ts';
import { parseSeed } from '../../src/config/seed-schema.ts';

const users = { table: 'users', key: ['email'], rows: [{ id: { authUserId: 'a@x.test' }, email: 'a@x.test' }] };
const auth = [{ email: 'a@x.test' }];

test('reads directives and leaves other JSON as it is', () => {
  const row = {
    id: 1,
    on: { daysFromNow: -2 },
    user_id: { idOf: { table: 'users', key: { email: 'a@x.test' } } },
    clerk_user_id: { clerkUserId: { email: 'a@x.test', without: 'test_user' } },
    info: { idOf: 'two keys', daysFromNow: 1 },
    none: null,
  };

  const plan = parseSeed({ version: 1, auth, tables: [users, { table: 'notes', key: ['id'], rows: [row] }] }, 'x.json');

  expect(plan.tables[1]?.rows[0]).toEqual({
    id: { kind: 'literal', value: 1 },
    on: { kind: 'daysFromNow', days: -2 },
    user_id: { kind: 'idOf', table: 'users', key: { email: 'a@x.test' } },
    clerk_user_id: { kind: 'clerkUserId', email: 'a@x.test', without: 'test_user' },
    info: { kind: 'literal', value: { idOf: 'two keys', daysFromNow: 1 } },
    none: { kind: 'literal', value: null },
  });
});

test.each([
  ['a version of tomorrow', { version: 2, auth, tables: [users] }, 'version'],
  ['a misspelt key', { version: 1, auth, tables: [users], table: [] }, 'table'],
  ['a directive with a wrong value', withRow({ id: 1, on: { daysFromNow: 'soon' } }), 'tables[1].rows[0].on'],
  ['half a day', withRow({ id: 1, on: { daysFromNow: 0.5 } }), 'tables[1].rows[0].on'],
  ['a table without rows', { version: 1, auth, tables: [{ table: 'notes', key: ['id'], rows: [] }] }, 'tables[0].rows'],
  ['a name that is no identifier', { version: 1, auth, tables: [{ ...users, table: 'users; drop' }] }, 'tables[0].table'],
  ['a row without its key', withRow({ name: 'x' }), 'tables[1].rows[0].id'],
  ['a row whose key is null', withRow({ id: null }), 'tables[1].rows[0].id'],
  ['rows of different columns', withRow({ id: 1, name: 'x' }, { id: 2 }), 'tables[1].rows[1]'],
  ['two rows of one key', withRow({ id: 1 }, { id: 1 }), 'tables[1].rows[1]'],
  ['a reference to a later table', withRow({ id: 1, next: { idOf: { table: 'later', key: { id: 1 } } } }), 'tables[1].rows[0].next'],
  ['a user who is not listed', withRow({ id: 1, by: { authUserId: 'b@x.test' } }), 'tables[1].rows[0].by'],
  ['a Clerk user who is not listed', withRow({ id: 1, by: { clerkUserId: { email: 'b@x.test', without: 'x' } } }), 'tables[1].rows[0].by'],
  ['an address in upper case', withRow({ id: 1, by: { authUserId: 'A@x.test' } }), 'tables[1].rows[0].by'],
  ['one table twice', { version: 1, auth, tables: [users, users] }, 'tables[1].table'],
])('refuses %s and names the place', (_, input, path) => {
  expect(() => parseSeed(input, 'x.json')).toThrow(
    expect.objectContaining({
      code: 'SEED_INVALID',
      kind: 'usage',
      data: { file: 'x.json', problems: [expect.objectContaining({ path })] },
    }),
  );
});

function withRow(...rows: readonly object[]) {
  return { version: 1, auth, tables: [users, { table: 'notes', key: ['id'], rows }] };
}

test.each([
  ['an id that BullMQ would take for its own', withJob({ id: '7' }), 'queues[0].jobs[1].id'],
  ['an id with a colon', withJob({ id: 'a:b' }), 'queues[0].jobs[1].id'],
  ['one id twice', withJob({ id: 'first' }), 'queues[0].jobs[1].id'],
  ['a reference that needs a database', withJob({ data: { by: { authUserId: 'a@x.test' } } }), 'queues[0].jobs[1].data.by'],
  ['one key twice', { version: 1, queues: [], cache: [1, 2].map((value) => ({ key: 'a', value })) }, 'cache[1].key'],
  ['a key with a blank', { version: 1, queues: [], cache: [{ key: 'a b', value: 1 }] }, 'cache[0].key'],
])('refuses in a file of jobs and keys %s and names the place', (_, input, path) => {
  expect(() => parseQueueSeed(input, 'x.json')).toThrow(
    expect.objectContaining({ code: 'SEED_INVALID', data: { file: 'x.json', problems: [expect.objectContaining({ path })] } }),
  );
});

function withJob(job: object) {
  const first = { id: 'first', name: 'analyse', data: {} };
  return { version: 1, queues: [{ queue: 'requests', jobs: [first, { ...first, id: 'second', ...job }] }] };
}
