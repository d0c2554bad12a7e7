import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseQueueSeed } from '../../config/queue-seed-schema.ts';
import { parseSeed } from '../../config/seed-schema.ts';
import { StagingError } from '../../core/errors.ts';
import { canonicalJson, type SeedPlan, seedVersionInput } from '../../core/seed/plan.ts';
import type { QueuePlan } from '../../core/seed/queues.ts';

/**
 * Reads the seed profile `<dir>/<profile>.json` and its version: the sha256 (hex) of what the file means. Throws
 * `SEED_NOT_FOUND` and `SEED_INVALID` (exit 2).
 */
export async function readSeedFile(dir: string, profile: string): Promise<{ readonly plan: SeedPlan; readonly version: string }> {
  const file = join(dir, `${profile}.json`);
  const plan = parseSeed(await readJson(file, profile), file);
  return { plan, version: versionOf(seedVersionInput(plan)) };
}

/** Reads the jobs and keys in `<dir>/<profile>.json`, and their version; see `readSeedFile`. */
export async function readQueueSeedFile(dir: string, profile: string): Promise<{ readonly plan: QueuePlan; readonly version: string }> {
  const file = join(dir, `${profile}.json`);
  const plan = parseQueueSeed(await readJson(file, profile), file);
  return { plan, version: versionOf(canonicalJson(plan)) };
}

function versionOf(meaning: string): string {
  return createHash('sha256').update(meaning).digest('hex');
}

async function readJson(file: string, profile: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw isMissing
      ? new StagingError('usage', 'SEED_NOT_FOUND', `There is no seed profile ${profile}: ${file} does not exist.`, {
          fix: 'Name another with `--profile`, or write that file.',
        })
      : new StagingError('usage', 'SEED_INVALID', `${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
          fix: `Correct ${file}.`,
          cause: error,
        });
  }
}
