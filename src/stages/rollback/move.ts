import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import type { Step, StepIo } from '../../core/run/step.ts';
import type { Resources } from '../resources.ts';
import type { RollbackDeps, RollbackFacts } from './deps.ts';

/** How the domain is moved: `back` pins it there until the next deploy, `forward` lets it follow again. */
export type MoveDirection = 'back' | 'forward';

/** Returns the step that moves the domain to the goal's deployment. Throws `ROLLBACK_DOMAIN_NOT_MOVED` (exit 4). */
export function moveBackStep(deps: RollbackDeps, resources: Resources, facts: RollbackFacts, direction: MoveDirection): Step {
  const { domain } = deps.settings;
  return {
    id: 'move-domain',
    title: `Move ${domain} ${direction}`,
    mutates: true,
    probe: async () => {
      const { id } = facts.goal.get();
      return facts.before.get().deploymentId === id ? `${domain} points to ${id} already` : undefined;
    },
    run: async (io) => {
      guardProduction({ what: 'domain', identities: [domain] }, deps.settings.production);
      await move(deps, resources, { direction, deploymentId: facts.goal.get().id }, io);
      return `to ${facts.goal.get().id}`;
    },
    verify: async (io) => {
      const live = await deps.deployments.live(resources.project.get().id, domain, io.signal);
      if (live?.id === facts.goal.get().id) return;
      throw new StagingError(
        'vendor',
        'ROLLBACK_DOMAIN_NOT_MOVED',
        `${domain} points to ${live?.id ?? 'nothing'}, expected ${facts.goal.get().id}.`,
        { fix: 'Run `jv-staging rollback` again.' },
      );
    },
    undo: async (io) => {
      const { deploymentId, autoAssign } = facts.before.get();
      const live = await deps.deployments.live(resources.project.get().id, domain, io.signal);
      if (deploymentId === undefined || live?.id === deploymentId) return;
      await move(deps, resources, { direction: autoAssign ? 'forward' : 'back', deploymentId }, io);
    },
  };
}

async function move(
  deps: RollbackDeps,
  resources: Resources,
  { direction, deploymentId }: { readonly direction: MoveDirection; readonly deploymentId: string },
  io: StepIo,
): Promise<void> {
  const project = resources.project.get();
  if (direction === 'back') return await deps.moves.rollback(project.id, deploymentId, io.signal);
  await deps.projects.setAutoAssignDomains(project.id, true, io.signal);
  await deps.moves.promote(project.id, deploymentId, io.signal);
}
