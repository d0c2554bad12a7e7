import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import type { UploadProgress } from '../../core/ports/hosting.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import type { DeployDeps, DeployFacts } from './deploy.ts';
import type { Resources } from '../resources.ts';

/** How long a deployment may take to become ready. */
const readyDeadlineMs = 15 * 60_000;

/** Returns the step that builds the app. */
export function buildStep(deps: DeployDeps): Step {
  const { build, dir } = deps.settings.app;
  return {
    id: 'build',
    title: 'Build the app',
    mutates: true,
    skip: () => (build === undefined ? 'no build command configured' : undefined),
    run: async (io) => {
      if (build !== undefined) await deps.source.build(build, dir, io.note, io.signal);
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
      const { sha, dirty } = facts.source.get();
      return `${sha.slice(0, 12)}${dirty ? ', with uncommitted changes' : ''}`;
    },
  };
}

/** Returns the step that uploads what is missing and creates the deployment beside the live one. */
export function createStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'upload',
    title: 'Upload and create the deployment',
    mutates: true,
    run: async (io) => {
      const project = resources.project.get();
      guardProduction({ what: 'Vercel project', identities: [project.id, project.name] }, deps.settings.production);
      const last: { progress: UploadProgress | undefined } = { progress: undefined };
      const onProgress = (progress: UploadProgress) => {
        last.progress = progress;
        io.note(`${progress.sent} of ${progress.filesToSend} files sent`);
      };
      const { sha, dirty, branch } = facts.source.get();
      const meta = {
        jvRelease: facts.releaseId,
        jvEnvironment: deps.settings.environment,
        jvDirty: String(dirty),
        githubCommitSha: sha,
        ...(branch === null ? {} : { githubCommitRef: branch }),
      };
      const deployment = { projectId: project.id, projectName: project.name, outputDir: deps.settings.app.output, meta };
      facts.deployment.set(await deps.deployments.create(deployment, onProgress, io.signal));
      const { files, sent } = last.progress ?? { files: 0, sent: 0 };
      return `${facts.deployment.get().id}: ${files} files, ${sent} sent`;
    },
  };
}

/** Returns the step that waits until the deployment answers. */
export function readyStep(deps: DeployDeps, facts: DeployFacts): Step {
  const refresh = async (signal: AbortSignal) => {
    const current = await deps.deployments.get(facts.deployment.get().id, signal);
    facts.deployment.set(current);
    if (current.state === 'error' || current.state === 'canceled') {
      throw new StagingError(
        'red',
        'DEPLOY_FAILED',
        `Deployment ${current.id} ended as ${current.state}, expected ready: ${current.failure ?? 'the platform gives no reason'}`,
        {
          fix: 'Correct the app’s build output, then run `jv-staging deploy` again.',
        },
      );
    }
    return current.state === 'ready' ? undefined : `${current.id}, which is ${current.state}`;
  };
  return {
    id: 'ready',
    title: 'Wait until the deployment is ready',
    run: async (io) => {
      await waitUntil(() => refresh(io.signal), {
        clock: deps.clock,
        signal: io.signal,
        deadlineMs: readyDeadlineMs,
        intervalMs: 300,
        onWaiting: io.note,
        late: (missing) =>
          new StagingError(
            'vendor',
            'DEPLOY_NOT_READY',
            `After ${readyDeadlineMs / 60_000} minutes the deployment is not ready: ${missing}.`,
            {
              fix: 'Run `jv-staging deploy` again, or look at the deployment’s log.',
            },
          ),
      });
      return facts.deployment.get().url;
    },
  };
}
