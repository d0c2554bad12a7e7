import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { WatchHead, WatchSample } from '../../core/smoke/watch.ts';
import { codeOf, notWritable, readIfThere, writeDurably } from './durable-file.ts';

const headSchema = z.object({
  environment: z.string(),
  target: z.enum(['cloud', 'local']),
  origin: z.string(),
  releaseId: z.string().nullable(),
  gitSha: z.string().nullable(),
  deploymentId: z.string().nullable(),
  forMs: z.number(),
  everyMs: z.number(),
  checks: z.array(z.object({ id: z.string(), title: z.string() })),
}) satisfies z.ZodType<WatchHead>;

const sampleSchema = z.object({
  at: z.iso.datetime(),
  durationMs: z.number(),
  down: z.array(z.object({ id: z.string(), message: z.string() })),
}) satisfies z.ZodType<WatchSample>;

/** What one watch saw, whether it came to its end or not. */
export interface KeptWatch {
  readonly runId: string;
  readonly path: string;
  readonly head: WatchHead;
  readonly samples: readonly WatchSample[];
}

/**
 * Returns the history of one watch below `dir`: a line of JSON a look after a first one that says what it is about, each synced before
 * its call returns, so that a watch that was killed has lost no look that had ended. `redact` hides secrets in what was said of the checks.
 */
export function watchHistory(dir: string, runId: string, redact: (text: string) => string) {
  const path = join(dir, `${runId}.jsonl`);
  return {
    begin: (head: WatchHead) => writeDurably(path, `${JSON.stringify(head)}\n`),
    append: async (sample: WatchSample) => {
      const shown = { ...sample, down: sample.down.map(({ id, message }) => ({ id, message: redact(message) })) };
      try {
        const handle = await open(path, 'a', 0o600);
        try {
          await handle.writeFile(`${JSON.stringify(shown)}\n`);
          await handle.datasync();
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw notWritable(path, error);
      }
    },
  };
}

/**
 * Returns the watches that were kept below a folder, newest first (ids begin with the time). A last line without its line feed is one
 * that a kill cut off: it is passed over. Throws `WATCH_DAMAGED` (kind `missing`) for any other line that is not whole.
 */
export async function keptWatches(dir: string): Promise<readonly KeptWatch[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const files = names.filter((name) => /^run_[0-9a-z]+\.jsonl$/.test(name)).toSorted((a, b) => (a < b ? 1 : -1));
  return Promise.all(
    files.map(async (name) => {
      const path = join(dir, name);
      const [first, ...rest] = ((await readIfThere(path)) ?? '').split('\n').slice(0, -1);
      const head = lineOf(headSchema, first ?? '', path, 1);
      const samples = rest.map((line, at) => lineOf(sampleSchema, line, path, at + 2));
      return { runId: name.slice(0, -'.jsonl'.length), path, head, samples };
    }),
  );
}

function lineOf<Value>(schema: z.ZodType<Value>, line: string, path: string, number: number): Value {
  const read = schema.safeParse(jsonOrUndefined(line));
  if (read.success) return read.data;
  throw new StagingError('missing', 'WATCH_DAMAGED', `The watch ${printable(path)} is damaged: line ${number} is not one of ours.`, {
    fix: `Move ${printable(path)} away, and watch again.`,
  });
}

function jsonOrUndefined(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
