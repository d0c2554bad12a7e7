import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSeed } from '../../src/config/seed-schema.ts';
import { canonicalJson, changedRows, resolveRows, rowKeys, sameValue, type SeedTable, seedVersionInput } from '../../src/core/seed/plan.ts';
import demo from '../../fixtures/seed/demo.json' with { type: 'json' };

const nowMs = Date.UTC(2026, 11, 30, 23, 59);
const nothing = { nowMs, authUserIds: {}, stored: {} };

test('resolves dates from today, auth users and rows of earlier tables', () => {
  const table: SeedTable = {
    table: 'flight_requests',
    key: ['id'],
    rows: [
      {
        id: { kind: 'literal', value: 'f1' },
        user_id: { kind: 'authUserId', email: 'agent1@staging.test' },
        client_id: { kind: 'idOf', table: 'clients', key: { email: 'john@example.com' } },
        departure_date: { kind: 'daysFromNow', days: 3 },
        seen_on: { kind: 'daysFromNow', days: -31 },
        preferences: { kind: 'literal', value: { daysFromNow: 'not a directive any more' } },
      },
    ],
  };

  const rows = resolveRows(table, {
    nowMs,
    authUserIds: { 'agent1@staging.test': 'u1' },
    stored: {
      clients: [
        { id: 'c2', email: 'jane@example.com' },
        { id: 'c1', email: 'john@example.com' },
      ],
    },
  });

  expect(rows).toEqual([
    {
      id: 'f1',
      user_id: 'u1',
      client_id: 'c1',
      departure_date: '2027-01-02',
      seen_on: '2026-11-29',
      preferences: { daysFromNow: 'not a directive any more' },
    },
  ]);
});

test.each([
  ['a row that is not stored', { kind: 'idOf' as const, table: 'users', key: { email: 'x@staging.test' } }],
  ['an auth user that does not exist', { kind: 'authUserId' as const, email: 'x@staging.test' }],
])('refuses a reference to %s and names the place', (_, value) => {
  const table = { table: 'clients', key: ['id'], rows: [{ id: { kind: 'literal' as const, value: 1 }, user_id: value }] };

  expect(() => resolveRows(table, nothing)).toThrow(
    expect.objectContaining({ code: 'SEED_REFERENCE_UNKNOWN', message: expect.stringContaining('clients[0].user_id') }),
  );
});

test.each([
  ['a date and the same day with a time', '2026-11-22T00:00:00+00:00', '2026-11-22', true],
  ['one instant in two notations', '2026-11-22 10:00:00.5+02', '2026-11-22T08:00:00.500Z', true],
  ['a timestamp without a zone, which is UTC', '2026-11-22T10:00:00', '2026-11-22T10:00:00Z', true],
  ['two days', '2026-11-22', '2026-11-23', false],
  ['numeric as its text', '48900.50', 48900.5, true],
  ['another number', '48900.51', 48900.5, false],
  ['text that only looks like a number', '5', '5.0', false],
  ['a number for a wanted text', 5, '5', false],
  ['JSON in another order', { b: [1, { d: 1, c: 2 }], a: 1 }, { a: 1, b: [1, { c: 2, d: 1 }] }, true],
  ['a list in another order', [1, 2], [2, 1], false],
  ['null and nothing said', null, null, true],
  ['null and false', null, false, false],
])('compares %s', (_, stored, wanted, same) => {
  expect(sameValue(stored, wanted)).toBe(same);
});

test('writes rows that are missing or differ in a column that the seed names, and no other', () => {
  const existing = [
    { email: 'a@x.test', name: 'A', phone: null, created_at: '2020-01-01T00:00:00Z' },
    { email: 'b@x.test', name: 'B', phone: '+1', created_at: '2020-01-01T00:00:00Z' },
  ];
  const wanted = [
    { email: 'a@x.test', name: 'A', phone: null },
    { email: 'b@x.test', name: 'Bee', phone: '+1' },
    { email: 'c@x.test', name: 'C', phone: null },
  ];

  expect(changedRows(['email'], existing, wanted).map((row) => row['email'])).toEqual(['b@x.test', 'c@x.test']);
  expect(rowKeys(['email'], wanted)).toEqual([{ email: 'a@x.test' }, { email: 'b@x.test' }, { email: 'c@x.test' }]);
});

test('finds rows by keys of several columns and of any type', () => {
  const existing = [{ on: '2026-11-22T00:00:00+00:00', number: '7', x: 1 }];

  expect(changedRows(['on', 'number'], existing, [{ on: '2026-11-22', number: 7, x: 1 }])).toEqual([]);
  expect(changedRows(['on', 'number'], existing, [{ on: '2026-11-22', number: 8, x: 1 }])).toHaveLength(1);
});

test('has nothing to write when the rows are stored as wanted, in whatever order', () => {
  const row = fc.record({
    id: fc.uuid(),
    count: fc.double({ noNaN: true, noDefaultInfinity: true }),
    info: fc.jsonValue(),
    note: fc.string(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(row, { selector: (item) => item.id, maxLength: 8 }), (rows) => {
      const wanted = rows.map((item) => ({ ...item, info: JSON.parse(JSON.stringify(item.info)), count: item.count + 0 }));
      const stored = wanted.toReversed().map((item) => JSON.parse(canonicalJson({ ...item, updated_at: '2026-11-22' })));
      expect(changedRows(['id'], stored, wanted)).toEqual([]);
    }),
  );
});

test("the demo seed holds the plan's rows, and the same plan gives the same version on any day", () => {
  const plan = parseSeed(demo, 'demo.json');

  expect(plan.auth.map((user) => user.email)).toEqual(['agent1@staging.test', 'agent2@staging.test', 'admin@staging.test']);
  expect(plan.tables.map(({ table, rows }) => `${table} ${rows.length}`)).toEqual([
    'users 3',
    'clients 2',
    'flight_requests 3',
    'quotes 4',
    'proposals 2',
  ]);
  expect(seedVersionInput(plan)).toBe(seedVersionInput(parseSeed(structuredClone(demo), 'copy.json')));
  expect(seedVersionInput(plan)).not.toContain('2026');
});

test('a seed that has 50 000 rows is compared in a moment', () => {
  const rows = Array.from({ length: 50_000 }, (_, number) => ({ id: `id-${number}`, name: `row ${number}` }));
  const before = performance.now();

  expect(changedRows(['id'], rows, rows)).toEqual([]);
  expect(performance.now() - before).toBeLessThan(3000);
});
