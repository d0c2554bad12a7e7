import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { jsonOrUndefined } from '../../core/json.ts';
import type { Journal, JournalEntry } from '../../core/ports/journal.ts';
import { printable } from '../../core/printable.ts';
import { unfinishedIntents } from '../../core/run/unfinished.ts';
import { codeOf, notWritable, readIfThere, writeDurably } from './durable-file.ts';

const entrySchema: z.ZodType<JournalEntry> = z.object({
  runId: z.string(),
  path: z.string(),
  phase: z.enum(['intent', 'done', 'failed', 'ended']),
  at: z.string(),
  detail: z.string().optional(),
});

/**
 * Returns the journal below `dir`: one file a run, one JSON object a line, synced before `append` returns.
 *
 * What a crash can leave is a last line without its line feed: such a line was never acknowledged, so the call that it announces was
 * never made (or, for an outcome, the intent before it stays open): it is passed over. Everything else that is not whole is damage from
 * outside: a file is created with its first line already in it, so even an empty one is `JOURNAL_DAMAGED` (kind `missing`).
 */
export function fileJournal(dir: string, runId: string): Journal {
  const path = join(dir, `${encodeURIComponent(runId).replaceAll('.', '%2E')}.jsonl`);
  let last: Promise<unknown> = Promise.resolve();
  let started = false;
  return {
    append: async (entry) => {
      const turn = last
        .catch(() => undefined)
        .then(async () => {
          const line = `${JSON.stringify(entry)}\n`;
          if (started) await appendSynced(path, line);
          else await writeDurably(path, line);
          started = true;
        });
      last = turn;
      await turn;
    },
    unfinished: async () => unfinishedIntents(await readEntries(dir), runId),
  };
}

async function appendSynced(path: string, line: string): Promise<void> {
  try {
    const handle = await open(path, 'a', 0o600);
    try {
      await handle.writeFile(line);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw notWritable(path, error);
  }
}

async function readEntries(dir: string): Promise<readonly JournalEntry[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const files = names.filter((name) => name.endsWith('.jsonl')).toSorted();
  const entries = await Promise.all(files.map(async (name) => entriesOf(join(dir, name), (await readIfThere(join(dir, name))) ?? '')));
  // By time alone: sorting is stable, so entries of one run keep their order.
  return entries.flat().toSorted((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
}

function entriesOf(path: string, text: string): readonly JournalEntry[] {
  const lines = text.split('\n');
  // The part after the last line feed: empty, or the torn tail.
  lines.pop();
  if (lines.length === 0) throw damaged(path, text === '' ? 'it is empty' : 'it has no whole line');
  return lines.map((line, index) => {
    const parsed = entrySchema.safeParse(jsonOrUndefined(line));
    if (!parsed.success) throw damaged(path, `line ${index + 1} is not an entry`);
    return parsed.data;
  });
}

function damaged(path: string, reason: string): StagingError {
  return new StagingError('missing', 'JOURNAL_DAMAGED', `The journal ${printable(path)} is damaged: ${reason}.`, {
    fix: `Run \`jv-staging status\` to see what exists at the vendors, then move ${printable(path)} away.`,
  });
}
