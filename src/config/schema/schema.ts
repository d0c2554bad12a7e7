import { z } from 'zod';
import { costs } from './costs.ts';
import { drift } from './drift.ts';
import { gate } from './gate.ts';
import { load, perf } from './measure.ts';
import { notify } from './notify.ts';
import { identifier, text } from './parts.ts';
import { production } from './production.ts';
import { restorePoints } from './restore-points.ts';
import { seed } from './seed.ts';
import { smoke } from './smoke.ts';
import { variable } from './variable.ts';
import { supabase, upstash, vercel } from './vendors.ts';

/**
 * The shape of `staging.config.ts`. Defaults are the original plan's (FR-6, FR-7 and its k6 script); paths are relative to the
 * configuration file. Unknown keys are errors.
 */
export const configSchema = z.strictObject({
  name: identifier,
  environment: text.default('staging'),
  target: z.enum(['cloud', 'local']).default('cloud'),
  domain: z.hostname(),
  branch: text.default('develop'),
  allowDistantRegions: z.boolean().default(false),
  app: z.strictObject({
    dir: text.default('.'),
    build: z.array(text).min(1).optional(),
    output: text.default('.vercel/output'),
  }),
  vercel,
  supabase,
  upstash,
  production,
  drift,
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), variable),
  seed,
  restorePoints,
  smoke,
  perf,
  load,
  gate,
  costs,
  notify,
});

/** What `defineConfig` takes: the shape of `staging.config.ts`, defaults optional. */
export type StagingConfig = z.input<typeof configSchema>;

/** The configuration with its defaults filled in, paths still relative. */
export type ParsedConfig = z.output<typeof configSchema>;
