import { z } from 'zod';
import { envReference, factReference } from './parts.ts';

/** A variable of the app: where its value comes from, and what it must hold to. */
export const variable = z.strictObject({
  value: z.union([z.string(), envReference, factReference]),
  class: z.enum(['public', 'secret']),
  required: z.boolean().default(true),
  rule: z.string().refine(isExpression, 'a regular expression').optional(),
});

function isExpression(source: string): boolean {
  try {
    return new RegExp(source, 'u').source !== '';
  } catch {
    return false;
  }
}
