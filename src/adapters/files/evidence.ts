import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Evidence } from '../../core/gate/model.ts';

/** Returns a file as evidence: its path as seen from `cwd`, and the sha256 of what it holds now. */
export async function evidenceOf(path: string, cwd: string): Promise<Evidence> {
  const content = await readFile(path);
  return { file: relative(cwd, path), sha256: createHash('sha256').update(content).digest('hex') };
}
