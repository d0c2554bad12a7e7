import type { Step } from '../../core/run/step.ts';
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
export function buildStep(deps: DeployDeps, facts: DeployFacts, { prebuilt }: DeployOptions): Step {
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
      if (build !== undefined) await deps.source.build(build, io.note, io.signal);
    },
  };
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
