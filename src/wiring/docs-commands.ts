import { basename, dirname, join } from 'node:path';
import { compareGenerated, writeGenerated } from '../adapters/files/generated-files.ts';
import { readSeedFile } from '../adapters/files/seed-file.ts';
import { gitRoot } from '../adapters/source/git-state.ts';
import { exercise } from '../core/docs/exercise.ts';
import { pageFile } from '../core/docs/page.ts';
import type { FileChange } from '../core/files/generated.ts';
import type { StageRun } from '../core/run/stage.ts';
import { comparePage, type DocsDeps, type DocsDetails, docsStage } from '../stages/docs.ts';
import type { Resources } from '../stages/resources.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** What `docs` does. */
export interface DocsCommands {
  /** Returns what writing the page would do; changes nothing. */
  page(): Promise<FileChange>;
  write(change: FileChange): Promise<void>;
  /** Says whether the page is current. */
  check(): StageRun<DocsDetails>;
  /** Returns the first fifteen minutes, as Markdown. */
  exercise(): string;
}

/** Returns the `docs` commands of one run. */
export function docsCommands(context: Context, deps: Deps, resources: Resources): DocsCommands {
  return {
    page: () => comparePage(docsDeps(context, deps), resources, context.request.signal),
    write: (change) => writeGenerated([change]),
    check: () => docsStage(docsDeps(context, deps), resources),
    exercise: () => `${exercise(context.settings().name, '#')}\n`,
  };
}

function docsDeps(context: Context, deps: Deps): DocsDeps {
  const { loaded, request } = context;
  const folder = loaded === undefined ? request.cwd : dirname(loaded.path);
  const path = join(gitRoot(folder) ?? folder, pageFile);
  return {
    ...deps.plan(),
    ...deps.schema(),
    clock: context.clock,
    readSeed: (profile) => readSeedFile(context.settings().seed.dir, profile),
    environmentFile: basename(context.envFile),
    compare: async (text) => {
      const [change] = await compareGenerated([{ path, text }], request.cwd);
      if (change === undefined) throw new Error('A file without its comparison.');
      return change;
    },
  };
}
