import { z } from 'zod';
import { treatments } from '../../core/seed/anonymise/treatments.ts';
import { maxSeedValue } from '../../core/seed/volume/ids.ts';
import { identifier, text } from './parts.ts';

/** The rows that staging is filled with. */
export const seed = z.strictObject({
  dir: text.default('seed'),
  profile: identifier.default('demo'),
  anonymise: z
    .strictObject({
      tables: z.record(text, z.record(text, z.enum(treatments))),
      empty: z.array(text).default([]),
    })
    .optional(),
  mayBeEmpty: z.boolean().optional(),
  value: z.number().int().min(0).max(maxSeedValue).default(1),
});
