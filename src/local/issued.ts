import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.ts';

/** Returns the credentials that a service issued for itself, kept in its folder (0600) from the first time on. */
export async function openIssued<Issued extends object>(stateDir: string, issue: () => Issued): Promise<Issued> {
  const path = join(stateDir, 'issued.json');
  const kept = await readJson<Issued>(path);
  if (kept !== undefined) return kept;
  const issued = issue();
  await writeJson(path, issued);
  return issued;
}

/** Returns random hex digits, two a byte. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
