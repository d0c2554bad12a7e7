import { describe, expect, test } from 'vitest';
import type { Journal, JournalEntry } from '../../src/core/ports/journal.ts';
import type { SecretFile } from '../../src/core/ports/secret-file.ts';

/** Returns an entry of a journal. */
export const entry = (runId: string, path: string, phase: JournalEntry['phase'], second: number): JournalEntry => ({
  runId,
  path,
  phase,
  at: new Date(Date.UTC(2026, 10, 22, 0, 0, second)).toISOString(),
});

/** What every journal must do: `open` gives the journal of a run over the same entries each time. */
export function journalContract(name: string, open: () => (runId: string) => Journal): void {
  describe(name, () => {
    test('a run sees the open intents of earlier runs, oldest first, and never its own', async () => {
      const of = open();
      const first = of('run-1');
      await first.append(entry('run-1', 'a', 'intent', 1));
      await first.append(entry('run-1', 'b', 'intent', 2));
      await first.append(entry('run-1', 'c', 'intent', 3));
      await first.append(entry('run-1', 'c', 'done', 4));
      await first.append(entry('run-1', 'd', 'intent', 5));
      await first.append(entry('run-1', 'd', 'failed', 6));
      const second = of('run-2');
      await second.append(entry('run-2', 'e', 'intent', 7));

      expect((await second.unfinished()).map(({ path }) => path)).toEqual(['a', 'b']);
    });

    test('an intent is settled when a later run brings the same step to an outcome', async () => {
      const of = open();
      await of('run-1').append(entry('run-1', 'a', 'intent', 1));
      const second = of('run-2');
      await second.append(entry('run-2', 'a', 'intent', 2));
      await second.append(entry('run-2', 'a', 'done', 3));

      await expect(of('run-3').unfinished()).resolves.toEqual([]);
    });

    test('there is nothing unfinished before the first run', async () => {
      await expect(open()('run-1').unfinished()).resolves.toEqual([]);
    });
  });
}

/** What every environment file must do. */
export function secretFileContract(name: string, open: () => SecretFile): void {
  describe(name, () => {
    test('what was written is read, and nothing before that', async () => {
      const file = open();
      await expect(file.read('A')).resolves.toBeUndefined();

      await file.write({ A: '1', B: 'two words # not a comment' });
      await file.write({ A: '3' });

      await expect(Promise.all(['A', 'B', 'C'].map((each) => file.read(each)))).resolves.toEqual([
        '3',
        'two words # not a comment',
        undefined,
      ]);
    });

    test('writes at once all stand', async () => {
      const file = open();
      await Promise.all(Array.from({ length: 10 }, (_, index) => file.write({ [`NAME_${index}`]: `${index}` })));

      await expect(Promise.all(Array.from({ length: 10 }, (_, index) => file.read(`NAME_${index}`)))).resolves.toEqual(
        Array.from({ length: 10 }, (_, index) => `${index}`),
      );
    });
  });
}
