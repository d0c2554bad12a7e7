import { VercelError } from './errors.ts';
import type { AliasRequest, DeploymentDoc, Project } from './model.ts';
import type { World } from './world.ts';
import { assignAlias, currentProduction, productionDomains, projectOf } from './world.ts';

/** Milliseconds that a move stays `pending`, then `in-progress`: long enough that a client that does not wait is caught. */
const stepMs = 60;

/** Moves production domains, one move a project at a time. */
export interface DomainMoves {
  /** Begins a move; the domains follow shortly after, as `lastAliasRequest` of the project tells. Throws the vendor's 409 and 422. */
  begin(project: Project, deployment: DeploymentDoc, type: 'promote' | 'rollback'): Promise<void>;
  /** Finishes moves that an earlier process began. */
  resume(): void;
  settle(): Promise<void>;
}

/** Returns the domain moves. `onMoved` is called when the domains point to another deployment. */
export function createDomainMoves(world: World, onMoved: () => Promise<void>, log: (line: string) => void): DomainMoves {
  const running = new Set<Promise<void>>();

  const record = async (projectId: string, request: AliasRequest, change: Partial<Project> = {}) => {
    const project = projectOf(world, projectId);
    await world.projects.put(project.id, { ...project, ...change, lastAliasRequest: request });
  };

  const move = async (projectId: string, request: AliasRequest) => {
    await pause();
    await record(projectId, { ...request, jobStatus: 'in-progress' });
    await pause();
    const deployment = world.deployments.get(request.toDeploymentId);
    if (!deployment) return await record(projectId, { ...request, jobStatus: 'failed' });
    for (const name of productionDomains(world, projectId)) await assignAlias(world, name, deployment);
    await world.deployments.put(deployment.id, { ...deployment, readySubstate: 'PROMOTED' });
    const done: AliasRequest = { ...request, jobStatus: 'succeeded' };
    await record(projectId, done, pinning(projectOf(world, projectId), done));
    await onMoved();
  };

  const run = (projectId: string, request: AliasRequest) => {
    const work = move(projectId, request).catch((error: unknown) => log(`${request.type} of ${projectId}: ${String(error)}`));
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  return {
    begin: async (project, deployment, type) => {
      if (isUnderWay(project)) throw new VercelError(409, 'conflict', 'Another promote or rollback of this project is under way.');
      if (deployment.readyState !== 'READY') {
        throw new VercelError(422, 'unprocessable_entity', `The deployment is ${deployment.readyState}, not READY.`);
      }
      const current = currentProduction(world, project.id);
      if (current?.id === deployment.id && type === 'promote') {
        throw new VercelError(409, 'conflict', 'This deployment is already the current production deployment.');
      }
      const request: AliasRequest = {
        fromDeploymentId: current?.id ?? '',
        toDeploymentId: deployment.id,
        jobStatus: 'pending',
        requestedAt: Date.now(),
        type,
      };
      await record(project.id, request);
      run(project.id, request);
    },
    resume: () => {
      for (const project of world.projects.all()) {
        if (project.lastAliasRequest && isUnderWay(project)) run(project.id, project.lastAliasRequest);
      }
    },
    settle: async () => {
      await Promise.all(running);
    },
  };
}

/** A rollback pins the domains: Vercel stops assigning them by itself until a promote (vercel.com/docs/instant-rollback). */
function pinning(project: Project, request: AliasRequest): Partial<Project> {
  if (request.type === 'rollback') return { autoAssignCustomDomains: false, lastRollbackTarget: request };
  return project.lastRollbackTarget ? { autoAssignCustomDomains: true, lastRollbackTarget: undefined } : {};
}

function isUnderWay(project: Project): boolean {
  const status = project.lastAliasRequest?.jobStatus;
  return status === 'pending' || status === 'in-progress';
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, stepMs);
  });
}
