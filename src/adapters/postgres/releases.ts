import type postgres from 'postgres';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { ReleaseRecord } from '../../core/release.ts';
import { isConnectionLoss } from './database-error.ts';
import { cancellable, inTransaction, type Session } from './session.ts';
import { ensureStateSchema } from './state-schema.ts';

/** Key of the advisory lock that one appending run holds ("jvreleas" in ASCII, as a bigint). */
const lockKey = '7671444795208065395';

const recordSchema = z.object({
  id: z.string(),
  environment: z.string(),
  kind: z.enum(['deploy', 'rollback']),
  gitSha: z.string(),
  dirty: z.boolean(),
  vercelDeploymentId: z.string(),
  url: z.string(),
  migrationHead: z.string().nullable(),
  migrationChecksums: z.record(z.string(), z.string()),
  envFingerprints: z.record(z.string(), z.string()),
  envSnapshot: z.string().nullable(),
  seedVersion: z.string().nullable(),
  restorePoint: z.string().nullable(),
  gates: z.array(z.object({ gate: z.string(), verdict: z.enum(['green', 'red', 'inconclusive', 'skipped']), summary: z.string() })),
  createdAt: z.string(),
  actor: z.string(),
  previous: z.string().nullable(),
}) satisfies z.ZodType<ReleaseRecord>;

/** Returns the history of an environment, oldest first; empty when no release was ever written. Throws `RELEASE_DAMAGED` (kind `missing`). */
export async function readReleases(sql: postgres.Sql, environment: string, signal: AbortSignal): Promise<readonly ReleaseRecord[]> {
  const [table] = await cancellable(sql<{ found: boolean }[]>`select to_regclass('jv_staging.releases') is not null as found`, signal);
  if (table?.found !== true) return [];
  const rows = await cancellable(
    sql<{ id: string; record: unknown }[]>`select id, record from jv_staging.releases where environment = ${environment} order by seq`,
    signal,
  );
  return rows.map((row) => parsed(row.id, row.record));
}

/** Appends a record if the newest one of its environment is `record.previous`; a record that stands there already is left. */
export async function appendRelease(sql: postgres.Sql, record: ReleaseRecord, signal: AbortSignal): Promise<void> {
  const work = async (session: Session) => {
    await session.unsafe("set local lock_timeout = '10s'").simple();
    await cancellable(session.unsafe(`select pg_advisory_xact_lock(${lockKey})`), signal);
    await ensureStateSchema(session, signal);
    if (await stands(session, record.id, signal)) return;
    const [newest] = await cancellable(
      session<{ id: string }[]>`select id from jv_staging.releases where environment = ${record.environment} order by seq desc limit 1`,
      signal,
    );
    if ((newest?.id ?? null) !== record.previous) throw conflict(record, newest?.id ?? null);
    await cancellable(
      session`insert into jv_staging.releases (id, environment, record) values (${record.id}, ${record.environment}, ${JSON.stringify(record)}::text::jsonb)`,
      signal,
    );
  };
  await inTransaction(sql, signal, work, async (error) => {
    if (isConnectionLoss(error) && (await stands(sql, record.id, signal))) return;
    throw error;
  });
}

async function stands(sql: postgres.Sql | Session, id: string, signal: AbortSignal): Promise<boolean> {
  const rows = await cancellable(sql`select 1 from jv_staging.releases where id = ${id}`, signal);
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
