import { z } from 'zod';
import type { MigrationProof } from '../../../core/migrate/proof.ts';
import type { Session } from '../session.ts';
import { ensureStateSchema } from '../state-schema.ts';
import { repeatable, type Transactions } from '../transactions.ts';

const proofSchema = z.object({
  version: z.string(),
  upChecksum: z.string(),
  downChecksum: z.string().nullable(),
  reversible: z.boolean(),
  isBroken: z.boolean(),
  reason: z.string().nullable(),
  locks: z.array(z.object({ table: z.string(), mode: z.string(), heldMs: z.number() })),
  lockMs: z.number(),
  losses: z.array(z.object({ table: z.string(), column: z.string().nullable() })),
}) satisfies z.ZodType<MigrationProof>;

/** Returns the proofs in `jv_staging.migration_proofs`, by version; one that cannot be read is as good as none. */
export async function readProofs(session: Session): Promise<readonly MigrationProof[]> {
  const [there] = await session.query((sql) => sql<{ is: boolean }[]>`select to_regclass('jv_staging.migration_proofs') is not null as is`);
  if (there?.is !== true) return [];
  const rows = await session.query((sql) => sql<{ proof: unknown }[]>`select proof from jv_staging.migration_proofs order by proved_at`);
  return rows.flatMap(({ proof }) => {
    const parsed = proofSchema.safeParse(proof);
    return parsed.success ? [parsed.data] : [];
  });
}

/** Writes proofs, keyed by the checksums of both files. */
export async function keepProofs(transactions: Transactions, proofs: readonly MigrationProof[], signal: AbortSignal): Promise<void> {
  const work = async (session: Session) => {
    await ensureStateSchema(session);
    for (const proof of proofs) {
      await session.query(
        (sql) => sql`insert into jv_staging.migration_proofs (up_checksum, down_checksum, proof)
          values (${proof.upChecksum}, ${proof.downChecksum ?? ''}, ${JSON.stringify(proof)}::text::jsonb)
          on conflict (up_checksum, down_checksum) do update set proof = excluded.proof, proved_at = now()`,
      );
    }
  };
  await transactions.run(signal, work, repeatable);
}
