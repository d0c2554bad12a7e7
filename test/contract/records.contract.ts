import { describe, expect, test } from 'vitest';
import type { Journal, JournalEntry } from '../../src/core/ports/journal.ts';
import type { SecretFile } from '../../src/core/ports/secret-file.ts';

/** Returns an entry of a journal; `detail` of an intent is its marker. */
export const entry = (runId: string, path: string, phase: JournalEntry['phase'], second: number, detail?: string): JournalEntry => ({
  runId,
  path,
  phase,
  at: new Date(Date.UTC(2026, 10, 22, 0, 0, second)).toISOString(),
  ...(detail === undefined ? {} : { detail }),
});

/** What every journal must do: `open` gives the journal of a run over the same entries each time. */
export function journalContract(name: string, open: () => (runId: string) => Journal): void {
  describe(name, () => {
    test('a run sees the intents of earlier runs that were cut off, oldest first, and never its own', async () => {
      const of = open();
      const first = of('run-1');
      await first.append(entry('run-1', 'a', 'intent', 1));
      await first.append(entry('run-1', 'b', 'intent', 2));
      await first.append(entry('run-1', 'b', 'done', 3));
      const second = of('run-2');
      await second.append(entry('run-2', 'c', 'intent', 4));
      await second.append(entry('run-2', 'c', 'failed', 5));
      await second.append(entry('run-2', '', 'ended', 6));
      const third = of('run-3');
      await third.append(entry('run-3', 'd', 'intent', 7));

      expect((await third.unfinished()).map(({ path }) => path)).toEqual(['a', 'b']);
    });

    test('an intent is settled when a later run brings the same step to an outcome', async () => {
      const of = open();
      await of('run-1').append(entry('run-1', 'a', 'intent', 1));
      const second = of('run-2');
      await second.append(entry('run-2', 'a', 'intent', 2));
      await second.append(entry('run-2', 'a', 'done', 3));
      expect((await of('run-3').unfinished()).map(({ runId }) => runId)).toEqual(['run-1', 'run-2']);
      await second.append(entry('run-2', '', 'ended', 4));

      await expect(of('run-3').unfinished()).resolves.toEqual([]);
    });

    test('what was marked is settled by its mark alone, at whatever step', async () => {
      const of = open();
      await of('run-1').append(entry('run-1', 'back/record', 'intent', 1, 'rel_1'));
      for (const [run, mark, second] of [
        ['run-2', 'rel_2', 2],
        ['run-3', 'rel_1', 5],
      ] as const) {
        const journal = of(run);
        await journal.append(entry(run, 'record', 'intent', second, mark));
        await journal.append(entry(run, 'record', 'done', second + 1));
        expect((await of('run-4').unfinished()).map(({ detail }) => detail)).toContain('rel_1');
        await journal.append(entry(run, '', 'ended', second + 2));
      }

      await expect(of('run-4').unfinished()).resolves.toEqual([]);
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
