import type { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { readIfThere, writeDurably } from './durable-file.ts';

/**
 * Returns what a JSON file of ours holds, or undefined when there is no such file. An empty, cut or otherwise damaged file is
 * `STATE_DAMAGED` (kind `missing`): it never counts as "nothing there".
 */
export async function readJsonFile<Content>(path: string, schema: z.ZodType<Content>): Promise<Content | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(path, text === '' ? 'it is empty' : `it is not whole JSON (${text.length} characters)`, error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(path, `${issue?.path.join('.') || 'its content'}: ${issue?.message ?? 'unreadable'}`, parsed.error);
}

/** Writes a JSON file of ours durably, mode 0600. */
export async function writeJsonFile(path: string, content: unknown): Promise<void> {
  await writeDurably(path, `${JSON.stringify(content, null, 2)}\n`);
}

function damaged(path: string, reason: string, cause: unknown): StagingError {
  return new StagingError('missing', 'STATE_DAMAGED', `${printable(path)} is damaged: ${printable(reason)}.`, {
    fix: `Restore ${printable(path)} from a backup, or move it away: the vendors are read anew.`,
    cause,
  });
}
