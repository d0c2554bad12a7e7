import { printable } from '../../../core/printable.ts';
import type { Session } from '../session.ts';

/** A session that another one waits for. */
export interface Blocker {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  /** How long its transaction has been open, in milliseconds; null when it has none, or we may not see it. */
  readonly openMs: number | null;
}

/** How often it is looked, and how long a statement may take before it is looked at all. */
const lookMs = 500;

/**
 * Runs `work`, and looks from another session meanwhile whom the backend `pid` waits for. `blockers` says whom it waited for last: once a
 * statement was given up for its lock, nobody can tell any more.
 */
export async function watchingBlockers<Value>(
  reader: Session,
  pid: number,
  work: (blockers: () => readonly Blocker[]) => Promise<Value>,
): Promise<Value> {
  let seen: readonly Blocker[] = [];
  const timer = setInterval(() => {
    readBlockers(reader, pid).then(
      (found) => (seen = found.length > 0 ? found : seen),
      // Who blocks is a help, no more: the statement itself says how it ended.
      () => undefined,
    );
  }, lookMs);
  try {
    return await work(() => seen);
  } finally {
    clearInterval(timer);
  }
}

/** Returns a blocker in words. */
export function blockerText({ pid, user, application, state, openMs }: Blocker): string {
  const name = [user, application].filter((text) => text !== null && text !== '').map((text) => printable(text ?? '', 60));
  const since = openMs === null ? '' : `, open for ${Math.round(openMs / 1000)} s`;
  return `process ${pid} (${[...name, state ?? 'state unknown'].join(', ')}${since})`;
}

async function readBlockers(reader: Session, pid: number): Promise<readonly Blocker[]> {
  const rows = await reader.query(
    (sql) => sql<Blocker[]>`select a.pid, a.usename as user, a.application_name as application, a.state,
        extract(epoch from clock_timestamp() - a.xact_start)::float8 * 1000 as "openMs"
      from pg_stat_activity a where a.pid = any (pg_blocking_pids(${pid})) order by a.pid`,
  );
  return [...rows];
}
