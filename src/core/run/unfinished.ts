import type { JournalEntry } from '../ports/journal.ts';

/**
 * Returns the intents of runs that were cut off, oldest first: runs that came to no end, whatever of the step itself was still journaled,
 * since nobody heard of it. An intent is settled by a later run that ended and brought the same thing (by its marker, else by the step's
 * path) to an outcome. `entries` are in order of time; run `own` is left out.
 */
export function unfinishedIntents(entries: readonly JournalEntry[], own: string): readonly JournalEntry[] {
  const open = new Map<string, JournalEntry>();
  const settling = new Set<string>();
  for (const entry of entries) {
    const { runId, path, phase } = entry;
    if (phase === 'intent') open.set(stepOf(entry), entry);
    else if (phase !== 'ended') settling.add(stepOf({ runId, path }));
    else endRun(runId, open, settling);
  }
  return [...open.values()].filter(({ runId }) => runId !== own);
}

function endRun(runId: string, open: Map<string, JournalEntry>, settling: Set<string>): void {
  const ours = [...open.values()].filter((intent) => intent.runId === runId);
  const settled = new Set(ours.filter((intent) => settling.has(stepOf(intent))).map(thingOf));
  for (const [step, intent] of open) {
    if (intent.runId !== runId && !settled.has(thingOf(intent))) continue;
    open.delete(step);
    settling.delete(step);
  }
}

function stepOf({ runId, path }: Pick<JournalEntry, 'runId' | 'path'>): string {
  return `${runId}\n${path}`;
}

function thingOf({ detail, path }: JournalEntry): string {
  return detail ?? path;
}
