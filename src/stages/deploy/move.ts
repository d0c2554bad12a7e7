import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { liveRelease } from '../../core/release/release.ts';
import type { Step } from '../../core/run/step.ts';
import type { Resources } from '../resources.ts';
import type { DeployDeps, DeployFacts } from './deps.ts';
import { vanished } from './upload.ts';

/**
 * Returns the step that moves the domain to the deployment, and undoes a pin that a rollback left. Throws `DEPLOY_OVERTAKEN` (exit 6) when
 * somebody put a newer deployment there meanwhile, and `DEPLOY_DOMAIN_NOT_MOVED` (exit 4).
 */
export function moveStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  const { domain } = deps.settings;
  const live = (signal: AbortSignal) => deps.deployments.live(resources.project.get().id, domain, signal);
  return {
    id: 'move-domain',
    title: `Move ${domain} to the deployment`,
    mutates: true,
    probe: async (io) => {
      const [current, ours] = [await live(io.signal), facts.deployment.get()];
      // A rollback puts an older one there on purpose; a newer one can only be another deploy's.
      if (current !== undefined && current.createdAt > ours.createdAt) throw overtaken(domain, current, ours);
      if ((await deps.deployments.find(ours.id, io.signal)) === undefined) throw vanished(ours.id);
      // A run that was cut off had moved it already: what was live before is what the newest record names.
      const before = liveRelease(facts.history.get())?.vercelDeploymentId;
      const known = current?.id !== ours.id ? current : before === undefined ? undefined : await deps.deployments.find(before, io.signal);
      facts.liveBefore.set({ deployment: known });
      return undefined;
    },
    run: async (io) => {
      guardProduction({ what: 'domain', identities: [domain] }, deps.settings.production);
      const project = resources.project.get();
      if (!project.autoAssignDomains) await deps.projects.setAutoAssignDomains(project.id, true, io.signal);
      await deps.moves.promote(project.id, facts.deployment.get().id, io.signal);
      return project.autoAssignDomains ? undefined : 'the pin of the last rollback is undone';
    },
    verify: async (io) => {
      const current = await live(io.signal);
      if (current?.id === facts.deployment.get().id) return;
      throw new StagingError(
        'vendor',
        'DEPLOY_DOMAIN_NOT_MOVED',
        `${domain} points to ${current?.id ?? 'nothing'}, expected ${facts.deployment.get().id}.`,
        { fix: 'Run `jv-staging deploy` again.' },
      );
    },
    undo: async (io) => {
      const before = facts.liveBefore.get().deployment;
      const current = await live(io.signal);
      if (current?.id === before?.id) return;
      if (before === undefined) throw new Error(`There was no deployment on ${domain} before, so the domain stays where it is.`);
      await deps.moves.rollback(resources.project.get().id, before.id, io.signal);
    },
  };
}

function overtaken(
  domain: string,
  current: { readonly id: string; readonly createdAt: string },
  ours: { readonly id: string; readonly createdAt: string },
): StagingError {
  return new StagingError(
    'refused',
    'DEPLOY_OVERTAKEN',
    `${domain} points to ${current.id} of ${current.createdAt}, which is newer than ${ours.id} of ${ours.createdAt}; expected an older one there.`,
    { fix: 'Run `jv-staging deploy` again for a newer deployment, or `jv-staging rollback` to go back on purpose.' },
  );
}
