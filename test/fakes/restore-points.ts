import type { KeptRecords, RestorePoint, RestorePoints } from '../../src/core/ports/restore-points.ts';

/** Returns a dump of this id. */
export function dumpPoint(id: string): RestorePoint {
  const createdAt = '2026-11-22T00:00:00.000Z';
  return { id, kind: 'dump', place: `/points/${id}`, reason: null, sizeBytes: 100, createdAt, expiresAt: null };
}

/** Returns restore points in memory that say in `calls` what was taken and restored. */
export function fakeRestorePoints(calls: string[]): RestorePoints & { readonly points: RestorePoint[] } {
  const points: RestorePoint[] = [];
  return {
    points,
    take: async (reason) => {
      const point = { ...dumpPoint(`dump_${points.length + 1}`), reason };
      points.push(point);
      calls.push(`take ${point.id}: ${reason}`);
      return point;
    },
    list: async () => points,
    restore: async (id) => void calls.push(`restore ${id}`),
    prune: async () => [],
    reseal: async () => ({ sealed: points.length, unopened: [] }),
  };
}

/** Returns where records wait, in memory. */
export function fakeKeptRecords<Item>(): KeptRecords<Item> {
  let kept: readonly Item[] = [];
  return {
    read: async () => kept,
    write: async (records) => void (kept = records),
    clear: async () => void (kept = []),
  };
}
