import { z } from 'zod';
import { envReference, text } from './parts.ts';

/** Who is told what came of a run with `--notify`. */
export const notify = z
  .strictObject({
    slack: z.union([
      z.strictObject({ channel: text, token: envReference.default({ kind: 'env', name: 'SLACK_BOT_TOKEN' }) }),
      z.strictObject({ webhook: envReference.default({ kind: 'env', name: 'SLACK_WEBHOOK_URL' }) }),
    ]),
  })
  .optional();
