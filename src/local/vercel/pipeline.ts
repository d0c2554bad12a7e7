import { BuildFailure } from '../builds/build-failure.ts';
import type { SourceBuilds } from '../builds/source-builds.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { DeploymentDoc, ReadyState } from './model.ts';
import { branchOf, sourceOf } from './new-deployment.ts';
import { buildFromSource, isPrebuilt } from './source-build.ts';
import type { World } from './world.ts';
import { assignAlias, productionDomains } from './world.ts';

/** Brings queued deployments to READY or ERROR. */
export interface Pipeline {
  /** Starts work on a deployment; returns at once. */
  begin(deployment: DeploymentDoc): void;
  /** Ends the work on a deployment that was canceled or deleted. */
  cancel(id: string): void;
  /** Goes on with what an earlier process left unfinished. */
  resume(): void;
  /** Ends builds under way, which `resume` takes up again, and waits until nothing is being worked on. */
  settle(): Promise<void>;
}

/** What the pipeline works with. `onChange` is called when host names may have changed. */
export interface PipelineParts {
  readonly world: World;
  readonly runtime: Runtime;
  readonly builds: SourceBuilds;
  readonly onChange: () => Promise<void>;
  readonly log: (line: string) => void;
}

/** States of a deployment that is not finished. */
export const openStates: ReadonlySet<ReadyState> = new Set(['QUEUED', 'INITIALIZING', 'BUILDING']);

/** Returns the pipeline. */
export function createPipeline(parts: PipelineParts): Pipeline {
  const { world, runtime, onChange, log } = parts;
  const running = new Map<string, Work>();

  const move = async (id: string, change: Partial<DeploymentDoc>): Promise<DeploymentDoc | undefined> => {
    const now = world.deployments.get(id);
    if (!now || now.readyState === 'CANCELED') return undefined;
    const next = { ...now, ...change };
    await world.deployments.put(id, next);
    return next;
  };

  const build = async (deployment: DeploymentDoc, signal: AbortSignal) => {
    const { id } = deployment;
    try {
      await putInPlace(parts, deployment, signal, (change) => move(id, change));
    } catch (error) {
      if (signal.aborted) return; // canceled, deleted, or taken up again by the next start
      await move(id, failed(runtime, id, error));
      return;
    }
    const ready = await move(id, { readyState: 'READY', ready: Date.now() });
    if (ready) await assignOwnAliases(ready);
  };

  const assignOwnAliases = async (deployment: DeploymentDoc) => {
    const project = world.projects.get(deployment.projectId);
    if (!project) return;
    const takesDomains = deployment.autoAssign && project.autoAssignCustomDomains;
    const names =
      deployment.target === 'production' ? (takesDomains ? productionDomains(world, project.id) : []) : previewNames(world, deployment);
    for (const name of names) await assignAlias(world, name, deployment);
    await move(deployment.id, {
      aliasAssigned: true,
      ...(deployment.target === 'production' ? { readySubstate: takesDomains ? ('PROMOTED' as const) : ('STAGED' as const) } : {}),
    });
    await onChange();
  };

  const begin = (deployment: DeploymentDoc) => {
    const ending = new AbortController();
    const work = build(deployment, ending.signal)
      .catch((error: unknown) => log(`deployment ${deployment.id}: ${String(error)}`))
      .finally(() => running.delete(deployment.id));
    running.set(deployment.id, { work, ending });
  };

  return {
    begin,
    cancel: (id) => running.get(id)?.ending.abort(new Error('The deployment was canceled.')),
    resume: () => {
      const open = world.deployments.all().filter(({ readyState }) => openStates.has(readyState));
      for (const deployment of open) begin(deployment);
      const unassigned = world.deployments.all().filter((one) => one.readyState === 'READY' && !one.aliasAssigned);
      for (const deployment of unassigned) void assignOwnAliases(deployment);
    },
    settle: () => settle(world, running),
  };
}

interface Work {
  readonly work: Promise<void>;
  readonly ending: AbortController;
}

/** Prebuilt deployments are ready in a moment; builds are taken up again by the next start. */
async function settle(world: World, running: ReadonlyMap<string, Work>): Promise<void> {
  for (const [id, { ending }] of running) {
    if (!isPrebuilt(world.sources.get(id)?.files ?? [])) ending.abort(new Error('The local cloud is stopping.'));
  }
  await Promise.all([...running.values()].map(({ work }) => work));
}

/** Says in the log why a deployment failed; returns what it then is. */
function failed(runtime: Runtime, id: string, error: unknown): Partial<DeploymentDoc> {
  const errorMessage = error instanceof Error ? error.message : String(error);
  runtime.note(id, `Error: ${errorMessage}`, 'stderr');
  const [errorCode, errorStep] =
    error instanceof BuildFailure ? ([error.code, 'building'] as const) : (['BUILD_FAILED', 'deploying'] as const);
  return { readyState: 'ERROR', errorCode, errorStep, errorMessage, ready: Date.now() };
}

/** Builds a deployment where it is not prebuilt, lays its files out and starts it. */
async function putInPlace(
  { world, runtime, builds }: PipelineParts,
  deployment: DeploymentDoc,
  signal: AbortSignal,
  move: (change: Partial<DeploymentDoc>) => Promise<unknown>,
): Promise<void> {
  const { id } = deployment;
  const source = sourceOf(world, deployment);
  const reach = (readyState: 'INITIALIZING' | 'BUILDING') =>
    move({ readyState, ...(readyState === 'BUILDING' ? { buildingAt: Date.now() } : {}) });
  if (isPrebuilt(source.files)) {
    await reach('BUILDING');
    runtime.note(id, `Deploying ${source.files.length} prebuilt files of ${deployment.name}`);
    await runtime.layOut(id, source.files);
  } else {
    const files = await buildFromSource({ world, builds, runtime, reach }, deployment, source, signal);
    runtime.note(id, 'Deploying outputs...');
    await runtime.layOut(id, files);
  }
  signal.throwIfAborted();
  await runtime.prove({ id, env: source.env });
  runtime.note(id, 'Deployment completed');
}

/** A preview takes its branch's domains and the branch's own host name. */
function previewNames(world: World, deployment: DeploymentDoc): string[] {
  const ofProject = world.domains.all().filter((domain) => domain.projectId === deployment.projectId);
  if (deployment.customEnvironmentId) {
    return ofProject.filter((domain) => domain.customEnvironmentId === deployment.customEnvironmentId).map((domain) => domain.name);
  }
  const branch = branchOf(deployment);
  if (!branch) return [];
  const slug = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const own = `${`${deployment.name.replaceAll(/[._]/g, '-')}-git-${slug}`.slice(0, 60 - world.team.slug.length)}-${world.team.slug}.vercel.app`;
  return [own, ...ofProject.filter((domain) => domain.gitBranch === branch).map((domain) => domain.name)];
}
