import { setTimeout as delay } from 'node:timers/promises';
import type { Sql } from '../connections.ts';

const pauseMs = 5;
/** A transaction in the stream has been flushed already: it becomes visible in the time that a backend takes to run on. */
const longestMs = 5000;

/**
 * Waits until others see what a transaction committed: Postgres streams a commit once it is flushed, a moment before the transaction
 * leaves the list of those that run (`CommitTransaction` in xact.c: RecordTransactionCommit, then ProcArrayEndTransaction). Whoever
 * looks in between does not find the row. `xid` is the 32 bits that pgoutput sends; the epoch is that of now, or the one before.
 */
export async function untilVisible(sql: Sql, xid: number): Promise<void> {
  const endMs = performance.now() + longestMs;
  while (performance.now() < endMs) {
    const [seen] = await sql<{ visible: boolean }[]>`
      select pg_visible_in_snapshot((full_xid - case when full_xid > newest + 2147483648 then 4294967296 else 0 end)::text::xid8, snapshot) as visible
      from (select pg_current_snapshot() as snapshot) as now,
        lateral (select pg_snapshot_xmax(snapshot)::text::bigint as newest) as bounds,
        lateral (select (newest / 4294967296) * 4294967296 + ${xid}::bigint as full_xid) as whole`;
    if (seen?.visible !== false) return;
    await delay(pauseMs);
  }
}
