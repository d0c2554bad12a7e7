import { buildVariables, hiddenText } from '../../core/build/variables.ts';
import type { AppSource } from '../../core/ports/source.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import type { EnvReference, ResourceFact, StagingSettings } from '../../core/settings.ts';
import { publicValues } from '../../core/variables/variables.ts';
import { type Resources, resourceFactsOf } from '../resources.ts';
import type { DeployDeps, DeployFacts, DeployOptions } from './deps.ts';

/** Returns the step that puts the source in place: a checkout of a git reference, or the tree as it lies there. */
export function placeStep(deps: DeployDeps, facts: DeployFacts): Step {
  return {
    id: 'place',
    title: 'Find the source',
    run: async (io) => {
      facts.place.set(await deps.source.place(io.signal));
      return facts.place.get().dir;
    },
  };
}

/** Returns the step that builds the app. */
export function buildStep(deps: DeployDeps, resources: Resources, facts: DeployFacts, { prebuilt }: DeployOptions): Step {
  const { build } = deps.settings.app;
  return {
    id: 'build',
    title: 'Build the app',
    mutates: true,
    skip: () => {
      if (prebuilt) return `built already: ${facts.place.peek()?.output ?? 'the folder that was named'}`;
      return build === undefined ? 'no build command configured' : undefined;
    },
    run: async (io) => {
      if (build === undefined) return;
      return runBuild(deps, build, resourceFactsOf(deps, resources), io);
    },
  };
}

/** What a build needs. */
interface BuildDeps {
  readonly settings: Pick<StagingSettings, 'env'>;
  readonly source: AppSource;
  readonly readSecret: (reference: EnvReference) => string | undefined;
}

/**
 * Builds the app with the environment's public variables and with nothing of files that lie on this machine alone; returns what was not
 * read. Throws `BUILD_VARIABLE_UNCLEAR` (exit 6), `DEPLOY_BUILD_FAILED`.
 */
export async function runBuild(
  deps: BuildDeps,
  command: readonly string[],
  known: Readonly<Record<ResourceFact, string>>,
  io: StepIo,
): Promise<string | undefined> {
  const files = await deps.source.environmentFiles(io.signal);
  const { variables, hidden } = buildVariables(files, publicValues(deps.settings.env, known, deps.readSecret));
  const said = hiddenText(hidden);
  if (said !== '') io.note(said);
  await deps.source.build({ command, variables }, io.note, io.signal);
  return said === '' ? undefined : said;
}

/** Returns the step that reads which commit goes out. */
export function sourceStep(deps: DeployDeps, facts: DeployFacts): Step {
  return {
    id: 'source',
    title: 'Read the commit',
    run: async (io) => {
      facts.source.set(await deps.source.state(io.signal));
      facts.output.set(await deps.source.outputHash(io.signal));
      const { sha, dirty } = facts.source.get();
      return `${sha.slice(0, 12)}${dirty ? ', with uncommitted changes' : ''}`;
    },
  };
}
