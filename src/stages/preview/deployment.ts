import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { uploadNote } from '../../core/ports/hosting.ts';
import { previewMeta } from '../../core/preview/previews.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import { resolveVariables } from '../../core/variables/variables.ts';
import { type Resources, resourceFactsOf } from '../resources.ts';
import { runBuild } from '../deploy/build.ts';
import { findPreviews, type PreviewDeps } from './deps.ts';
import type { PreviewFacts } from './up.ts';

/** How long a deployment may take to become ready. */
const readyDeadlineMs = 15 * 60_000;

/** Returns the steps from the build to the deployment that answers at the preview's address. */
export function deploymentSteps(deps: PreviewDeps, resources: Resources, facts: PreviewFacts): readonly Step[] {
  const { build } = deps.settings.app;
  return [
    {
      id: 'build',
      title: 'Build the app',
      mutates: true,
      skip: () => (deps.prebuilt === undefined ? (build === undefined ? 'no build command configured' : undefined) : 'built already'),
      run: async (io) => {
        if (build === undefined) return;
        return runBuild({ ...deps, settings: facts.world.get().settings }, build, knownTo(deps, facts), io);
      },
    },
    createStep(deps, resources, facts),
    { id: 'wait', title: 'Wait until the deployment is ready', run: (io) => waitForDeployment(deps, facts, io.note, io.signal) },
    {
      id: 'address',
      title: 'Point the preview’s address at it',
      mutates: true,
      run: async (io) => {
        const { hostname } = facts.world.get();
        guardProduction({ what: 'domain', identities: [hostname] }, deps.settings.production);
        await deps.previewHosting.assign(facts.deployment.get().id, hostname, io.signal);
        return hostname;
      },
    },
  ];
}

/** The environment is part of the deployment itself: it has it before its first request, and nothing of it stays when that goes. */
function createStep(deps: PreviewDeps, resources: Resources, facts: PreviewFacts): Step {
  return {
    id: 'upload',
    title: 'Upload and create the deployment',
    mutates: true,
    run: async (io) => {
      const project = resources.project.get();
      guardProduction({ what: 'Vercel project', identities: [project.id, project.name] }, deps.settings.production);
      const { sha, dirty, branch } = facts.source.get();
      const meta = {
        [previewMeta.kind]: 'preview',
        [previewMeta.slug]: facts.slug.get(),
        [previewMeta.environment]: deps.settings.environment,
        [previewMeta.branch]: branch,
        jvRun: deps.newPreviewId(),
        jvDirty: String(dirty),
        githubCommitSha: sha,
      };
      const created = await deps.deployments.create(
        {
          projectId: project.id,
          projectName: project.name,
          outputDir: deps.prebuilt ?? deps.settings.app.output,
          meta,
          environment: environmentOf(deps, facts),
        },
        (progress) => io.note(uploadNote(progress)),
        io.signal,
      );
      facts.deployment.set(created);
      return created.id;
    },
  };
}

/** Returns the values that the preview's own environment may refer to. */
function knownTo(deps: PreviewDeps, facts: PreviewFacts) {
  const { resources, origin } = facts.world.get();
  return resourceFactsOf({ ...deps, appOrigin: origin }, resources);
}

function environmentOf(deps: PreviewDeps, facts: PreviewFacts): Readonly<Record<string, string>> {
  const { variables, missing } = resolveVariables(facts.world.get().settings.env, knownTo(deps, facts), deps.readSecret);
  if (missing.length > 0) {
    const named = missing.map(({ name, source }) => `${name} (from ${source})`).join(', ');
    throw new StagingError('missing', 'ENV_VALUE_MISSING', `The app's environment lacks ${named}.`, {
      fix: 'Set them in the environment or in .env.staging, then run the same command again.',
    });
  }
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

async function waitForDeployment(
  deps: PreviewDeps,
  facts: PreviewFacts,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const look = async () => {
    const current = await deps.deployments.get(facts.deployment.get().id, signal);
    facts.deployment.set(current);
    if (current.state === 'ready') return undefined;
    if (current.state === 'error' || current.state === 'canceled') {
      const why = current.failure ?? 'the platform gives no reason';
      throw new StagingError('red', 'PREVIEW_FAILED', `Deployment ${current.id} ended as ${current.state}, expected ready: ${why}`, {
        fix: 'Correct the app’s build output, push, then run the same command again.',
      });
    }
    return `${current.id}, which is ${current.state}`;
  };
  await waitUntil(look, {
    clock: deps.clock,
    signal,
    deadlineMs: readyDeadlineMs,
    intervalMs: 300,
    onWaiting: note,
    late: (missing) =>
      new StagingError(
        'vendor',
        'PREVIEW_NOT_READY',
        `After ${readyDeadlineMs / 60_000} minutes the deployment is not ready: ${missing}.`,
        {
          fix: 'Run the same command again, or look at the deployment’s log.',
        },
      ),
  });
  return facts.deployment.get().url;
}

/** Returns the step that removes what the new deployment replaced, once that is green. */
export function removeOlderStep(deps: PreviewDeps, resources: Resources, facts: PreviewFacts): Step {
  return {
    id: 'older',
    title: 'Remove the deployments that it replaced',
    mutates: true,
    run: async (io) => {
      const previews = await findPreviews(deps, resources, io.signal);
      const current = facts.deployment.get();
      const own = previews.find(({ slug }) => slug === facts.slug.get())?.deployments ?? [];
      const older = own.filter(({ id, createdAt }) => id !== current.id && createdAt <= current.createdAt);
      for (const { id } of older) await deps.previewHosting.remove(id, io.signal);
      return `${older.length} removed`;
    },
  };
}
