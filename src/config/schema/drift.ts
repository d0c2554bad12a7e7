import { z } from 'zod';
import type { DriftWaiver } from '../../core/drift/drift.ts';
import { text } from './parts.ts';

/** What of drift is meant, why, and until when. */
export const drift = z
  .strictObject({
    waivers: z
      .array(
        z.strictObject({
          what: z.string().regex(/^(?:settings|variables|catalog|redis) .+$/, 'an area and a name, as `status --drift` prints them'),
          reason: text,
          until: z.iso.date(),
        }) satisfies z.ZodType<DriftWaiver>,
      )
      .default([]),
  })
  .prefault({});
