import { z } from 'zod';
import { text } from './parts.ts';

/** Where restore points go and how many are kept. */
export const restorePoints = z
  .strictObject({
    kind: z.enum(['auto', 'platform', 'dump']).default('auto'),
    dir: text.optional(),
    outlivesRunner: z.boolean().default(false),
    keep: z.number().int().min(1).max(1000).default(10),
  })
  .prefault({});
