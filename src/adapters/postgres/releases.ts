import { z } from 'zod';
import { smokeCheck } from '../../config/schema/smoke.ts';
import { StagingError } from '../../core/errors.ts';
import type { ReleaseRecord, SealedRelease } from '../../core/release/release.ts';
import { isConnectionLoss } from './database-error.ts';
import type { Session } from './session.ts';
import { ensureStateSchema, hasStateSchema } from './state-schema.ts';
import { repeatable, type Transactions } from './transactions.ts';

/** Key of the advisory lock that one appending run holds ("jvreleas" in ASCII, as a bigint). */
const lockKey = '7671444795208065395';

/** A release record as it is stored. */
export const recordSchema = z.object({
  id: z.string(),
  environment: z.string(),
  kind: z.enum(['deploy', 'rollback']),
  gitSha: z.string(),
  dirty: z.boolean(),
  vercelDeploymentId: z.string(),
  url: z.string(),
  migrationHead: z.string().nullable(),
  migrationChecksums: z.record(z.string(), z.string()),
  contractWaiting: z.array(z.string()).default([]),
  envFingerprints: z.record(z.string(), z.string()),
  envSnapshot: z.string().nullable(),
  seedVersion: z.string().nullable(),
  restorePoint: z.string().nullable(),
  restoreMark: z.string().nullable().default(null),
  gates: z.array(z.object({ gate: z.string(), verdict: z.enum(['green', 'red', 'inconclusive', 'skipped']), summary: z.string() })),
  smokeChecks: z.array(smokeCheck).nullable().default(null),
  createdAt: z.string(),
  actor: z.string(),
  previous: z.string().nullable(),
}) satisfies z.ZodType<ReleaseRecord>;

/** Returns the history of an environment, oldest first; empty when no release was ever written. Throws `RELEASE_DAMAGED` (kind `missing`). */
export async function readReleases(session: Session, environment: string): Promise<readonly ReleaseRecord[]> {
  if (!(await hasStateSchema(session))) return [];
  const rows = await session.query(
    (sql) =>
      sql<{ id: string; record: unknown }[]>`select id, record from jv_staging.releases where environment = ${environment} order by seq`,
  );
  return rows.map((row) => parsed(row.id, row.record));
}

/**
 * Appends a record if the newest one of its environment is `record.previous`; a record that stands there already is left. `reader` looks
 * when the connection is lost at the commit.
 */
export async function appendRelease(
  transactions: Transactions,
  reader: Session,
  record: ReleaseRecord,
  signal: AbortSignal,
): Promise<void> {
  const work = async (session: Session) => {
    await session.query((sql) => sql.unsafe(`set local lock_timeout = '10s'; select pg_advisory_xact_lock(${lockKey})`).simple());
    await ensureStateSchema(session);
    if (await stands(session, record.id)) return;
    const [newest] = await session.query(
      (sql) =>
        sql<{ id: string }[]>`select id from jv_staging.releases where environment = ${record.environment} order by seq desc limit 1`,
    );
    if ((newest?.id ?? null) !== record.previous) throw conflict(record, newest?.id ?? null);
    const text = JSON.stringify(record);
    await session.query(
      (sql) =>
        sql`insert into jv_staging.releases (id, environment, record) values (${record.id}, ${record.environment}, ${text}::text::jsonb)`,
    );
  };
  await transactions.run(signal, work, async (error) => {
    if (isConnectionLoss(error) && (await hasStateSchema(reader)) && (await stands(reader, record.id))) return;
    throw error;
  });
}

/** Replaces fingerprints and snapshots of records, all or none; the same ones again change nothing, so a lost commit is simply repeated. */
export async function resealReleases(transactions: Transactions, records: readonly SealedRelease[], signal: AbortSignal): Promise<void> {
  const work = async (session: Session) => {
    if (!(await hasStateSchema(session))) return;
    await session.query((sql) => sql.unsafe(`set local lock_timeout = '10s'; select pg_advisory_xact_lock(${lockKey})`).simple());
    for (const { id, envFingerprints, envSnapshot } of records) {
      const text = JSON.stringify({ envFingerprints, envSnapshot });
      await session.query((sql) => sql`update jv_staging.releases set record = record || ${text}::text::jsonb where id = ${id}`);
    }
  };
  await transactions.run(signal, work, repeatable);
}

async function stands(session: Session, id: string): Promise<boolean> {
  const rows = await session.query((sql) => sql`select 1 from jv_staging.releases where id = ${id}`);
  return rows.length > 0;
}

function parsed(id: string, value: unknown): ReleaseRecord {
  const record = recordSchema.safeParse(value);
  if (record.success) return record.data;
  const [issue] = record.error.issues;
  throw new StagingError(
    'missing',
    'RELEASE_DAMAGED',
    `Release record ${id} in jv_staging.releases is damaged (${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}).`,
    {
      fix: `Restore the row ${id} of jv_staging.releases from a backup of the staging database.`,
    },
  );
}

function conflict(record: ReleaseRecord, newest: string | null): StagingError {
  return new StagingError(
    'locked',
    'RELEASE_CONFLICT',
    `Another run wrote release ${newest ?? 'none'} meanwhile; ${record.id} expected ${record.previous ?? 'none'} to be the newest.`,
    { fix: 'Run `jv-staging status` to see what is live, then run the same command again.' },
  );
}
