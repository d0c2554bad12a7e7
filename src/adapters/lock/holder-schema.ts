import { z } from 'zod';
import type { LockHolder } from '../../core/run/lock.ts';

/** What is kept of a holder, wherever it is kept. */
export const holderSchema = z.object({
  id: z.string(),
  actor: z.string(),
  command: z.string(),
  process: z.object({
    host: z.string(),
    pid: z.number(),
    boot: z.string().nullable(),
    pidSpace: z.string().nullable(),
    begun: z.string().nullable(),
  }),
  since: z.string(),
}) satisfies z.ZodType<LockHolder>;
