import { guardProduction } from '../../core/guard.ts';
import type { HostingVariable } from '../../core/ports/hosting.ts';
import type { Step } from '../../core/run/step.ts';
import type { Resources } from '../resources.ts';
import type { RollbackDeps, RollbackFacts } from './deps.ts';

/**
 * Returns the step that writes the variables that differ from the goal's, from the encrypted snapshot in its record: the next deployment is
 * then made with them. Those whose value the snapshot does not hold are named.
 */
export function variablesStep(deps: RollbackDeps, resources: Resources, facts: RollbackFacts): Step {
  return {
    id: 'variables',
    title: 'Take the variables back',
    mutates: true,
    probe: async () => {
      const { to } = facts.plan.get();
      if (facts.variables.get().length === 0) return `${Object.keys(to.envFingerprints).length} unchanged`;
      return to.envSnapshot === null ? `${facts.variables.get().join(', ')} differ, and the record of ${to.id} has no snapshot` : undefined;
    },
    run: async (io) => {
      const project = resources.project.get();
      guardProduction({ what: 'Vercel project', identities: [project.id, project.name] }, deps.settings.production);
      const { to } = facts.plan.get();
      const values = (await deps.sealing()).open(to.envSnapshot ?? '');
      const variables = facts.variables.get().flatMap((name): readonly HostingVariable[] => {
        const [value, fingerprint] = [values[name], to.envFingerprints[name]];
        if (value === undefined || fingerprint === undefined) return [];
        return [{ name, value, fingerprint, class: deps.settings.env[name]?.class ?? 'secret' }];
      });
      const written = await deps.projects.setVariables(project.id, variables, io.signal);
      const missing = facts.variables.get().filter((name) => !(name in values));
      const unknown = missing.length === 0 ? '' : `; the snapshot holds no value of ${missing.join(', ')}`;
      return `${written.join(', ') || 'none'} written${unknown}`;
    },
  };
}
