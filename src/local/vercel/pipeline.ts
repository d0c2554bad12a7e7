import type { Runtime } from '../runtime/runtime.ts';
import type { DeploymentDoc } from './model.ts';
import { branchOf, sourceOf } from './new-deployment.ts';
import type { World } from './world.ts';
import { assignAlias, productionDomains } from './world.ts';

/** Brings queued deployments to READY or ERROR. */
export interface Pipeline {
  /** Starts work on a deployment; returns at once. */
  begin(deployment: DeploymentDoc): void;
  /** Goes on with what an earlier process left unfinished. */
  resume(): void;
  /** Waits until nothing is being worked on. */
  settle(): Promise<void>;
}

/** Returns the pipeline. `onChange` is called when host names may have changed. */
export function createPipeline(world: World, runtime: Runtime, onChange: () => Promise<void>, log: (line: string) => void): Pipeline {
  const running = new Set<Promise<void>>();

  const move = async (id: string, change: Partial<DeploymentDoc>): Promise<DeploymentDoc | undefined> => {
    const now = world.deployments.get(id);
    if (!now || now.readyState === 'CANCELED') return undefined;
    const next = { ...now, ...change };
    await world.deployments.put(id, next);
    return next;
  };

  const build = async (deployment: DeploymentDoc) => {
    const { id } = deployment;
    if (!(await move(id, { readyState: 'BUILDING', buildingAt: Date.now() }))) return;
    try {
      const source = sourceOf(world, deployment);
      runtime.note(id, `Deploying ${source.files.length} prebuilt files of ${deployment.name}`);
      await runtime.layOut(id, source.files);
      await runtime.prove({ id, env: source.env });
      runtime.note(id, 'Deployment completed');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      runtime.note(id, `Error: ${message}`);
      await move(id, { readyState: 'ERROR', errorCode: 'BUILD_FAILED', errorMessage: message, ready: Date.now() });
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
    const work = build(deployment).catch((error: unknown) => log(`deployment ${deployment.id}: ${String(error)}`));
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  return {
    begin,
    resume: () => {
      const open = world.deployments.all().filter(({ readyState }) => readyState === 'QUEUED' || readyState === 'BUILDING');
      for (const deployment of open) begin(deployment);
      const unassigned = world.deployments.all().filter((one) => one.readyState === 'READY' && !one.aliasAssigned);
      for (const deployment of unassigned) void assignOwnAliases(deployment);
    },
    settle: async () => {
      await Promise.all(running);
    },
  };
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
