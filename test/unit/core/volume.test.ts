import { expect, it } from 'vitest';
import { fakerVocabulary } from '../../../src/adapters/faker/vocabulary.ts';
import { copyChunks, copyLine } from '../../../src/core/seed/copy-text.ts';
import { progressText } from '../../../src/core/seed/progress.ts';
import { blockShape } from '../../../src/core/seed/volume/shape.ts';
import { volumeOf, type VolumeTable } from '../../../src/core/seed/volume/volume.ts';

const nowMs = Date.parse('2026-11-26T19:00:00Z');
const vocabulary = await fakerVocabulary(1);

/** Returns the rows of each table as their columns say. */
function rowsOf(tables: readonly VolumeTable[]): Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> {
  return Object.fromEntries(
    tables.map((table) => {
      const lines = [...syncChunks(table)].flatMap(({ text }) => text.split('\n').slice(0, -1));
      const rows = lines.map((line) => {
        const values = line.split('\t');
        return Object.fromEntries(table.columns.map((column, at) => [column, values[at] ?? '']));
      });
      return [table.table, rows];
    }),
  );
}

function syncChunks(table: VolumeTable): Iterable<{ readonly text: string }> {
  const chunks = table.chunks();
  if (!(Symbol.iterator in chunks)) throw new TypeError('The volume seed makes its rows without waiting.');
  return chunks;
}

it.each([100, 163, 1000, 5678])('makes exactly %i rows, in every table some', (rows) => {
  const tables = volumeOf({ rows, seed: 1, nowMs, vocabulary });

  const made = rowsOf(tables);

  expect(Object.values(made).reduce((sum, { length }) => sum + length, 0)).toBe(rows);
  for (const table of tables) expect([table.table, made[table.table]?.length ?? 0]).toEqual([table.table, table.count]);
  expect(tables.every(({ count }) => count > 0)).toBe(true);
});

it('makes the same rows for the same seed value, and others for another', () => {
  const make = (seed: number, at = nowMs) => rowsOf(volumeOf({ rows: 500, seed, nowMs: at, vocabulary }));

  expect(make(1, nowMs + 3_600_000)).toEqual(make(1));
  expect(make(2)).not.toEqual(make(1));
});

it('leaves no reference without its row, and no key twice', () => {
  const made = rowsOf(volumeOf({ rows: 6000, seed: 7, nowMs, vocabulary }));
  const ids = Object.fromEntries(Object.entries(made).map(([table, rows]) => [table, new Set(rows.map(({ id }) => id))]));
  const references = { user_id: 'users', client_id: 'clients', request_id: 'flight_requests', quote_id: 'quotes' };

  const dangling = Object.values(made).flatMap((rows) =>
    rows.flatMap((row) => Object.entries(references).filter(([column, table]) => column in row && ids[table]?.has(row[column]) !== true)),
  );

  expect(dangling).toEqual([]);
  for (const [table, rows] of Object.entries(made)) expect([table, ids[table]?.size]).toEqual([table, rows.length]);
  for (const table of ['users', 'clients']) expect(new Set(made[table]?.map(({ email }) => email)).size).toBe(made[table]?.length);
});

it('keeps a request, its agent, quotes and proposals in accord', () => {
  const {
    clients = [],
    flight_requests: requests = [],
    quotes = [],
    proposals = [],
  } = rowsOf(volumeOf({ rows: 6000, seed: 3, nowMs, vocabulary }));
  const owner = new Map(clients.map(({ id, user_id: user }) => [id, user]));
  const requestOf = new Map(requests.map((request) => [request['id'], request]));
  const quoteOf = new Map(quotes.map((quote) => [quote['id'], quote]));

  expect(requests.filter((request) => owner.get(request['client_id']) !== request['user_id'])).toEqual([]);
  for (const proposal of proposals) {
    const quote = quoteOf.get(proposal['quote_id']);
    expect(quote?.['request_id']).toBe(proposal['request_id']);
    expect(Number(proposal['total_usd'])).toBeGreaterThan(Number(quote?.['price_usd']));
    if (proposal['status'] === 'ACCEPTED') expect(quote?.['status']).toBe('ACCEPTED');
  }
  const booked = ['BOOKED', 'COMPLETED'];
  for (const { request_id: request, status } of quotes) {
    expect(status === 'ACCEPTED' || status === 'DECLINED').toBe(booked.includes(requestOf.get(request)?.['status'] ?? ''));
  }
});

it('has dates that fit today, and statuses as often as in the block', () => {
  const { flight_requests: requests = [] } = rowsOf(volumeOf({ rows: 6300, seed: 1, nowMs, vocabulary }));

  const share = (status: string) => requests.filter((request) => request['status'] === status).length / requests.length;

  for (const { status = '', departure_date: departs = '', created_at: created = '' } of requests) {
    if (status === 'COMPLETED') expect(departs < '2026-11-26').toBe(true);
    if (status === 'BOOKED') expect(departs > '2026-11-26').toBe(true);
    expect(created < new Date(nowMs).toISOString()).toBe(true);
  }
  expect(share('COMPLETED')).toBe(blockShape.filter(({ status }) => status === 'COMPLETED').length / blockShape.length);
  const byAgent = new Map<string, number>();
  for (const { user_id: agent = '' } of requests) byAgent.set(agent, (byAgent.get(agent) ?? 0) + 1);
  expect(Math.max(...byAgent.values())).toBeGreaterThan(3 * Math.min(...byAgent.values()));
});

it.each([99, 10_000_001, 1.5])('refuses %d rows', (rows) => {
  expect(() => volumeOf({ rows, seed: 1, nowMs, vocabulary })).toThrow(
    expect.objectContaining({ code: 'SEED_ROWS_INVALID', kind: 'usage' }),
  );
});

it('writes what COPY reads back as the same values', () => {
  expect(copyLine(['a\tb\\c\nd\r', null, 1.5, true, ''])).toBe('a\\tb\\\\c\\nd\\r\t\\N\t1.5\ttrue\t\n');
});

it('holds no more than a chunk of lines at once', () => {
  const chunks = [...copyChunks(10_000, (index) => `${index}`.padEnd(99, 'x') + '\n')];

  expect(chunks.length).toBeGreaterThan(10);
  expect(Math.max(...chunks.map(({ text }) => text.length))).toBeLessThan(70_000);
  expect(chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(10_000);
});

it('tells rows a second and the time left once there is a pace', () => {
  expect(progressText(100, 1000, 10)).toBe('[#...............] 100 of 1,000 rows');
  expect(progressText(50_000, 100_000, 2000)).toBe('[########........] 50,000 of 100,000 rows, 25,000 rows/s, 2 s left');
  expect(progressText(1000, 1_000_000, 1000)).toBe('[................] 1,000 of 1,000,000 rows, 1,000 rows/s, 16 min 39 s left');
});
