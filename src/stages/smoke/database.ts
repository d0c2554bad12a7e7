import { fillPlaceholders } from '../../core/variables/placeholders.ts';
import type { JsonValue, Row } from '../../core/ports/database.ts';
import type { CanaryRows, RowActor, RowOutcome } from '../../core/ports/probes.ts';
import { judgeDatabase, type RowAttempt } from '../../core/smoke/database-judge.ts';
import type { DatabaseCheck } from '../../core/smoke/smoke.ts';
import type { Finding } from '../../core/verdict.ts';
import { notConfigured, type Running } from './running.ts';

/** Who takes part: how they ask, and what they are called. */
interface Party {
  readonly who: string;
  readonly actor: RowActor;
}

const service: Party = { who: 'the service role', actor: { role: 'service' } };
const anon: Party = { who: 'anon', actor: { role: 'anon' } };

/**
 * Writes a canary row as the service role, lets everybody try what they may and may not do with it, then the same as the signed-in
 * user; every row is removed again by the service role, however the check ends.
 */
export async function checkDatabase(check: DatabaseCheck, run: Running): Promise<Finding> {
  const { rows, tables, clock } = run.deps;
  if (rows === undefined || tables === undefined)
    return notConfigured(check, 'The database', 'the keys of the Supabase project are not known', 'Run `jv-staging provision`.');
  const startedMs = clock.nowMs();
  const [owner, stranger, protection] = await Promise.all([
    run.session(check.as.user),
    check.stranger === undefined ? undefined : run.session(check.stranger.user),
    tables(run.signal),
  ]);
  const session = { id: owner.userId, email: owner.email };
  const values = Object.entries(check.row).map(([name, value]) => {
    return [name, fillPlaceholders(value, { nowMs: clock.nowMs(), user: session })] as const;
  });
  const user: Party = { who: owner.email, actor: { role: 'user', accessToken: owner.accessToken } };
  const others: readonly Party[] = [
    anon,
    ...(stranger === undefined ? [] : [{ who: stranger.email, actor: { role: 'user' as const, accessToken: stranger.accessToken } }]),
  ];
  const trial = canaryTrial(check, rows, Object.fromEntries(values), run.signal);
  const attempts: readonly RowAttempt[] = [
    ...(await trial.as(service, others)),
    ...(await trial.as(user, others)),
    ...(await trial.forbiddenWrite(anon)),
  ];
  const left = await trial.clear();
  return judgeDatabase(check, { attempts, tables: protection, left, durationMs: clock.nowMs() - startedMs });
}

function canaryTrial(check: DatabaseCheck, rows: CanaryRows, row: Readonly<Record<string, unknown>>, signal: AbortSignal) {
  const written: Row[] = [];
  const keep = (outcome: RowOutcome): Row | undefined => {
    const value = outcome.kind === 'rows' ? outcome.rows[0]?.[check.key] : undefined;
    if (!isKey(value)) return undefined;
    const key = { [check.key]: value };
    written.push(key);
    return key;
  };
  const attempt = async (
    { who, actor }: Party,
    action: RowAttempt['action'],
    expected: RowAttempt['expected'],
    key: Row,
  ): Promise<RowAttempt> => {
    const work = action === 'read' ? rows.read : rows.remove;
    return { who, action, expected, outcome: await work(actor, check.table, key, signal) };
  };
  return {
    /** One row's life: its owner writes and reads it, the others try, its owner deletes it. */
    as: async (owner: Party, others: readonly Party[]): Promise<readonly RowAttempt[]> => {
      const outcome = await rows.insert(owner.actor, check.table, row, signal);
      const first: RowAttempt = { who: owner.who, action: 'write', expected: 'may', outcome };
      const key = keep(outcome);
      if (key === undefined) return [first];
      const tried: RowAttempt[] = [first, await attempt(owner, 'read', 'may', key)];
      for (const other of others) {
        const mayRead = other === anon && check.anon === 'read';
        tried.push(await attempt(other, 'read', mayRead ? 'may' : 'must-not', key), await attempt(other, 'delete', 'must-not', key));
      }
      return [...tried, await attempt(owner, 'delete', 'may', key)];
    },
    forbiddenWrite: async ({ who, actor }: Party): Promise<readonly RowAttempt[]> => {
      const outcome = await rows.insert(actor, check.table, row, signal);
      keep(outcome);
      return [{ who, action: 'write', expected: 'must-not', outcome }];
    },
    /** Removes what is still there; says what could not be. An interrupted run removes its rows, too. */
    clear: async (): Promise<string | undefined> => {
      for (const key of written) {
        const outcome = await rows.remove(service.actor, check.table, key, new AbortController().signal);
        if (outcome.kind !== 'rows') return outcome.message;
      }
      return undefined;
    },
  };
}

function isKey(value: unknown): value is JsonValue {
  return typeof value === 'string' || typeof value === 'number';
}
