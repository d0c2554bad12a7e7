import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { type Deployment, uploadNote, type UploadProgress } from '../../core/ports/hosting.ts';
import { noMigrations, releaseMeta } from '../../core/release/recover.ts';
import { deployOf, liveRelease } from '../../core/release/release.ts';
import { leftOutText } from '../../core/build/variables.ts';
import { alikeText } from '../../core/files/alike.ts';
import type { Step } from '../../core/run/step.ts';
import { waitUntil } from '../../core/run/wait.ts';
import { notLiveVariables } from '../../core/variables/since-release.ts';
import type { Resources } from '../resources.ts';
import type { DeployDeps, DeployFacts, DeployOptions } from './deps.ts';

/** How often a wait for a deployment is said to go on. */
const heartbeatMs = 15_000;

/** Returns the step that reads what the new deployment will be made with, and what of it is not live yet. */
export function variablesStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'variables',
    title: 'Read the variables that the deployment gets',
    run: async (io) => {
      const { id } = resources.project.get();
      const live = await deps.deployments.live(id, deps.settings.domain, io.signal);
      facts.liveBefore.set({ deployment: live });
      facts.variables.set(await deps.projects.variables(id, io.signal));
      const record = liveRelease(facts.history.get());
      const changed =
        record === undefined || live === undefined ? [] : notLiveVariables(record, facts.variables.get(), Date.parse(live.createdAt));
      facts.variablesChanged.set(changed);
      const count = `${facts.variables.get().length} variables`;
      return changed.length === 0 ? count : `${count}; changed since the live deployment: ${changed.join(', ')}`;
    },
  };
}

/**
 * Returns the step that uploads what is missing and creates the deployment beside the live one. One that a run which was cut off had
 * created from the same output, with the same variables, is carried on with.
 */
export function createStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'upload',
    title: 'Upload and create the deployment',
    mutates: true,
    probe: async (io) => {
      const found = await unrecorded(deps, resources, facts, io.signal);
      const releaseId = found?.meta[releaseMeta.release];
      if (found === undefined || releaseId === undefined) return undefined;
      facts.deployment.set(found);
      facts.releaseId.set(releaseId);
      facts.continued.set(true);
      return `${found.id} was created by a run that did not end with a release: it goes on as ${releaseId}`;
    },
    run: async (io) => {
      const project = resources.project.get();
      guardProduction({ what: 'Vercel project', identities: [project.id, project.name] }, deps.settings.production);
      const last: { progress: UploadProgress | undefined; alike: string; leftOut: readonly string[] } = {
        progress: undefined,
        alike: '',
        leftOut: [],
      };
      const onProgress = (progress: UploadProgress) => {
        last.progress = progress;
        last.alike ||= alikeText(progress.alike ?? []);
        last.leftOut = progress.leftOut ?? last.leftOut;
        io.note(uploadNote(progress));
      };
      facts.releaseId.set(deps.newReleaseId());
      const meta = { ...releaseMetaOf(facts), ...markOf(deps, facts) };
      const deployment = { projectId: project.id, projectName: project.name, outputDir: facts.place.get().output, meta };
      facts.deployment.set(await deps.deployments.create(deployment, onProgress, io.signal));
      const { files, sent } = last.progress ?? { files: 0, sent: 0 };
      const { shared } = await deps.source.environmentFiles(io.signal);
      const leftOut = leftOutText(
        last.leftOut,
        shared,
        facts.variables.get().map(({ name }) => name),
      );
      return `${facts.deployment.get().id}: ${files} files, ${sent} sent${last.alike}${leftOut}`;
    },
  };
}

function releaseMetaOf(facts: DeployFacts): Readonly<Record<string, string>> {
  const history = facts.history.get();
  const before = deployOf(history, liveRelease(history)?.vercelDeploymentId);
  return {
    [releaseMeta.release]: facts.releaseId.get(),
    [releaseMeta.migrations]: lastVersion(facts),
    ...(before === undefined ? {} : { [releaseMeta.previous]: before.id }),
  };
}

/** What two runs of the same deploy write into their deployments alike. */
function markOf(deps: DeployDeps, facts: DeployFacts): Readonly<Record<string, string>> {
  const { sha, dirty, branch } = facts.source.get();
  return {
    [releaseMeta.environment]: deps.settings.environment,
    jvOutput: facts.output.get(),
    [releaseMeta.dirty]: String(dirty),
    [releaseMeta.commit]: sha,
    ...(branch === null ? {} : { githubCommitRef: branch }),
  };
}

function lastVersion(facts: DeployFacts): string {
  return facts.phases.get().now.at(-1)?.version ?? liveRelease(facts.history.get())?.migrationHead ?? noMigrations;
}

/** Returns the newest deployment of this very deploy that no record names, unless it is older than the live one or the variables. */
async function unrecorded(
  deps: DeployDeps,
  resources: Resources,
  facts: DeployFacts,
  signal: AbortSignal,
): Promise<Deployment | undefined> {
  const live = facts.liveBefore.get().deployment;
  const recovered = facts.recovered.get();
  const recorded = new Set(facts.history.get().flatMap((record) => (recovered.includes(record) ? [] : [record.vercelDeploymentId])));
  const changedMs = Math.max(0, ...facts.variables.get().map(({ updatedAtMs }) => updatedAtMs ?? 0));
  const found = await deps.deployments.findByMeta(resources.project.get().id, markOf(deps, facts), signal);
  return found.find(
    ({ id, state, createdAt }) =>
      !recorded.has(id) &&
      state !== 'error' &&
      state !== 'canceled' &&
      Date.parse(createdAt) > changedMs &&
      (live === undefined || id === live.id || createdAt > live.createdAt),
  );
}

/** Returns the step that waits until the deployment answers. Throws `DEPLOY_FAILED`, `DEPLOY_VANISHED`, `DEPLOY_NOT_READY`. */
export function readyStep(deps: DeployDeps, facts: DeployFacts, { readyWithinMs }: DeployOptions): Step {
  return {
    id: 'ready',
    title: 'Wait until the deployment is ready',
    run: async (io) => {
      await waitUntil(() => refresh(deps, facts, io.signal), {
        clock: deps.clock,
        signal: io.signal,
        deadlineMs: readyWithinMs,
        intervalMs: 300,
        heartbeatMs,
        onWaiting: io.note,
        late: (missing) => notReady(facts, missing, readyWithinMs),
      });
      return facts.deployment.get().url;
    },
  };
}

async function refresh(deps: DeployDeps, facts: DeployFacts, signal: AbortSignal): Promise<string | undefined> {
  const { id } = facts.deployment.get();
  const current = await deps.deployments.find(id, signal);
  if (current === undefined) throw vanished(id);
  facts.deployment.set(current);
  if (current.state === 'error' || current.state === 'canceled') {
    throw new StagingError(
      'red',
      'DEPLOY_FAILED',
      `Deployment ${current.id} ended as ${current.state}, expected ready: ${current.failure ?? 'the platform gives no reason'}`,
      { fix: 'Correct the app’s build output, then run `jv-staging deploy` again.', data: { deploymentId: id } },
    );
  }
  return current.state === 'ready' ? undefined : `${current.id}, which is ${current.state}`;
}

/** Returns the error for a deployment that somebody removed meanwhile. */
export function vanished(id: string): StagingError {
  return new StagingError('vendor', 'DEPLOY_VANISHED', `Deployment ${id} is not there any more, expected the one that this run created.`, {
    fix: 'See at Vercel who deletes deployments, then run `jv-staging deploy` again.',
    data: { deploymentId: id },
  });
}

function notReady(facts: DeployFacts, missing: string, deadlineMs: number): StagingError {
  const { id } = facts.deployment.get();
  const time = deadlineMs < 120_000 ? `${deadlineMs / 1000} s` : `${deadlineMs / 60_000} minutes`;
  return new StagingError('vendor', 'DEPLOY_NOT_READY', `After ${time} the deployment is not ready: ${missing}.`, {
    fix: `Run \`jv-staging deploy\` again: it goes on waiting for ${id}, unless you cancel that one at Vercel.`,
    data: { deploymentId: id },
  });
}
