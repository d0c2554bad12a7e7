import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { jsonOrUndefined } from '../../core/json.ts';
import { canonical } from '../../core/plan/marker.ts';
import type { SavedPlan } from '../../core/plan/saved.ts';
import { printable } from '../../core/printable.ts';
import { readIfThere, writeDurably } from './durable-file.ts';

const settingValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

const item = z.object({
  resource: z.enum(['environment-file', 'vercel-project', 'supabase-project', 'upstash-database', 'schema', 'domain', 'variable']),
  id: z.string(),
  vendorId: z.string().nullable(),
  action: z.enum(['create', 'update', 'unchanged', 'blocked', 'drift']),
  changes: z.array(z.object({ field: z.string(), actual: settingValue, wanted: settingValue, outside: z.boolean() })),
  reason: z.string(),
  needsPerson: z.string().nullable(),
  costUsdPerMonth: z.number().nullable(),
});

const cost = z.object({
  knownUsdPerMonth: z.number(),
  unknown: z.array(z.object({ what: z.string(), why: z.string() })),
  parts: z.array(z.object({ what: z.string(), usdPerMonth: z.number(), source: z.string(), readOn: z.string() })),
  productionUsdPerMonth: z.number().nullable(),
  verdict: z.enum(['within', 'over', 'unknown']),
});

const plan = z.object({
  version: z.literal(1),
  name: z.string(),
  environment: z.string(),
  target: z.enum(['cloud', 'local']),
  items: z.array(item),
  cost,
  notes: z.array(z.string()),
});

/** A plan that this version cannot carry out. */
const laterSchema = z.object({ plan: z.object({ version: z.number().int().min(2) }) });

const fileSchema = z.object({ adopt: z.boolean(), plan, sha256: z.string() });

/** Writes a plan with its checksum, mode 0600. */
export async function writePlanFile(path: string, { adopt, plan: saved }: SavedPlan): Promise<void> {
  const content = { adopt, plan: saved };
  await writeDurably(path, `${JSON.stringify({ ...content, sha256: checksum(content) }, null, 2)}\n`);
}

/**
 * Reads a plan. Throws `PLAN_FILE_UNREADABLE` (kind `usage`), and `PLAN_TAMPERED` (kind `refused`) when it is not as it was written.
 * The checksum only tells an edit from a change at the vendors: what is carried out is always a fresh plan that equals this one.
 */
export async function readPlanFile(path: string): Promise<SavedPlan> {
  const text = await readIfThere(path);
  if (text === undefined) throw unreadable(path, 'there is no such file');
  const value = jsonOrUndefined(text);
  if (laterSchema.safeParse(value).success) throw unreadable(path, 'a later version of jv-staging wrote it');
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) throw unreadable(path, 'it is not a whole plan');
  const { sha256, ...saved } = parsed.data;
  if (sha256 === checksum(saved)) return saved;
  throw new StagingError(
    'refused',
    'PLAN_TAMPERED',
    `The plan in ${printable(path)} is not as it was written: its checksum does not fit.`,
    {
      fix: `Run \`jv-staging plan --out ${printable(path)}\` again.`,
    },
  );
}

function checksum(saved: SavedPlan): string {
  return createHash('sha256').update(canonical(saved)).digest('hex');
}

function unreadable(path: string, why: string): StagingError {
  return new StagingError('usage', 'PLAN_FILE_UNREADABLE', `The plan ${printable(path)} cannot be read: ${why}.`, {
    fix: `Make one: \`jv-staging plan --out ${printable(path)}\`.`,
  });
}
