import { z } from 'zod';
import { maxSeedValue } from '../../core/seed/volume/ids.ts';
import { identifier, text } from './parts.ts';

/** The rows that staging is filled with. */
export const seed = z.strictObject({
  dir: text.default('seed'),
  profile: identifier.default('demo'),
  value: z.number().int().min(0).max(maxSeedValue).default(1),
});
