import type { Journal, JournalEntry } from '../../src/core/ports/journal.ts';
import { unfinishedIntents } from '../../src/core/run/unfinished.ts';
import type { SecretFile } from '../../src/core/ports/secret-file.ts';
import type { EnvironmentFiles } from '../../src/core/build/variables.ts';
import type { AppSource, SourceBuild, SourceState } from '../../src/core/ports/source.ts';

/** Returns a journal in memory that is run `runId`'s; `entries` are there before and grow. */
export function fakeJournal(runId: string, entries: JournalEntry[] = []): Journal & { readonly entries: JournalEntry[] } {
  return {
    entries,
    append: async (entry) => {
      entries.push(entry);
    },
    unfinished: async () => unfinishedIntents(entries, runId),
  };
}

/** Returns an environment file in memory. */
export function fakeSecretFile(values: Readonly<Record<string, string>> = {}): SecretFile & { readonly values: Map<string, string> } {
  const stored = new Map(Object.entries(values));
  return {
    path: '/project/.env.staging',
    values: stored,
    read: async (name) => stored.get(name),
    write: async (added) => {
      for (const [name, value] of Object.entries(added)) stored.set(name, value);
    },
  };
}

/** Returns a source tree at a commit whose builds succeed, and which keeps what was built. */
export function fakeAppSource(
  state: Partial<SourceState> = {},
  files: Partial<EnvironmentFiles> = {},
): AppSource & { readonly builds: SourceBuild[] } {
  const builds: SourceBuild[] = [];
  return {
    builds,
    environmentFiles: async () => ({ local: [], shared: [], ...files }),
    place: async () => ({ dir: '/project/app', output: '/project/app/.vercel/output', migrations: '/project/supabase/migrations' }),
    outputHash: async () => `output of ${state.sha ?? 'c0ffee'}`,
    close: async () => undefined,
    state: async () => ({ sha: 'c0ffee'.padEnd(40, '0'), dirty: false, branch: 'develop', ...state }),
    build: async (build, onLine) => {
      builds.push(build);
      onLine('built');
    },
  };
}
