import { z } from 'zod';
import type { JsonShapes } from '../../core/ports/probes.ts';

/** Returns the port over zod, which reads JSON Schema (drafts 7 and 2020-12: zod.dev/json-schema). A schema that it cannot read never fits. */
export function jsonShapes(): JsonShapes {
  return {
    problems: (schema, value) => {
      const parsed = schemaOf(schema);
      if (parsed === undefined) return ['the schema itself cannot be read'];
      const result = parsed.safeParse(value);
      return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.') || '(the whole answer)'}: ${issue.message}`);
    },
  };
}

function schemaOf(schema: Readonly<Record<string, unknown>>): z.ZodType | undefined {
  try {
    return z.fromJSONSchema(schema);
  } catch {
    return undefined;
  }
}
