import { z } from 'zod';
import type { Attestation } from '../../core/gate/model.ts';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { readIfThere } from './durable-file.ts';

const schema = z.array(
  z.strictObject({
    entry: z.string().regex(/^(?:AC|FR|NFR)-[\w-]+$/),
    commit: z.string().regex(/^[0-9a-f]{40}$/),
    name: z.string().min(1),
    date: z.iso.date(),
    words: z.string().min(1),
  }),
);

/** Reads the file of attestations; none when it is missing. Throws `ATTESTATIONS_INVALID` (exit 2), naming the first problem. */
export async function readAttestations(path: string): Promise<readonly Attestation[]> {
  const text = await readIfThere(path);
  if (text === undefined) return [];
  const parsed = schema.safeParse(jsonOf(path, text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as it should be'}`);
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(path, 'it is no JSON');
  }
}

function invalid(path: string, problem: string): StagingError {
  return new StagingError('usage', 'ATTESTATIONS_INVALID', `${printable(path)}: ${printable(problem)}; expected a list of attestations.`, {
    fix: 'Write each as {"entry":"AC-13","commit":"<40 digits>","name":"…","date":"2026-01-31","words":"…"}.',
  });
}
