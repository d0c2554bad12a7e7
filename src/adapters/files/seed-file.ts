import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseQueueSeed } from '../../config/queue-seed-schema.ts';
import { parseSeed } from '../../config/seed-schema.ts';
import { StagingError } from '../../core/errors.ts';
import { canonicalJson, type SeedPlan, seedVersionInput } from '../../core/seed/plan.ts';
import type { QueuePlan } from '../../core/seed/queues.ts';

/**
 * Reads the seed profile `<dir>/<profile>.json` and its version: the sha256 (hex) of what the file means. Throws
 * `SEED_NOT_FOUND`, `SEED_TOO_LARGE` and `SEED_INVALID` (exit 2).
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

/** A profile is rows that people wrote; rows by the million are made by the profile `volume`. */
const maxSeedBytes = 64 * 1024 * 1024;
/** Deeper than anything that people write, and far from where recursion ends. */
const maxDepth = 200;

async function readJson(file: string, profile: string): Promise<unknown> {
  try {
    const { size } = await stat(file);
    if (size > maxSeedBytes) throw tooLarge(file, size);
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (isDeeperThan(value, maxDepth)) throw new Error(`it is nested more than ${maxDepth} deep`);
    return value;
  } catch (error) {
    if (error instanceof StagingError) throw error;
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw isMissing
      ? new StagingError('usage', 'SEED_NOT_FOUND', `There is no seed profile ${profile}: ${file} does not exist.`, {
          fix: 'Name another with `--profile`, or write that file.',
        })
      : new StagingError('usage', 'SEED_INVALID', `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
          fix: `Correct ${file}.`,
          cause: error,
        });
  }
}

function tooLarge(file: string, sizeBytes: number): StagingError {
  const message = `${file} has ${sizeBytes} bytes, expected at most ${maxSeedBytes}.`;
  return new StagingError('usage', 'SEED_TOO_LARGE', message, { fix: 'Make many rows with `jv-staging seed --profile volume`.' });
}

/** Looks without recursion, level by level. */
function isDeeperThan(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}
