import { z } from 'zod';
import { envReference, text } from './parts.ts';

/** Where the gate asks what is not the environment's own. */
export const gate = z
  .strictObject({
    repository: z
      .string()
      .regex(/^[\w.-]+\/[\w.-]+$/, 'a repository, "owner/name"')
      .optional(),
    token: envReference.default({ kind: 'env', name: 'GITHUB_TOKEN' }),
    severityLabels: z.array(text).min(1).default(['critical', 'high']),
    attestations: text.default('staging.attestations.json'),
  })
  .prefault({});
