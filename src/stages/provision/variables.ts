import { guardProduction } from '../../core/guard.ts';
import { itemOf } from '../../core/plan/model.ts';
import type { HostingVariable } from '../../core/ports/hosting.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { Step } from '../../core/run/step.ts';
import type { ProvisionRun } from './provision.ts';
import { wantedVariables } from '../plan/wanted-variables.ts';

/** Returns the step that writes the variables whose fingerprint differs from the one kept beside them. */
export function variablesStep({ deps, resources, planned }: ProvisionRun, written: Slot<readonly string[]>): Step {
  const pending = slot<readonly HostingVariable[]>('variables to write');
  return {
    id: 'variables',
    title: 'Environment variables',
    mutates: true,
    probe: async (io) => {
      const wanted = await wantedVariables(deps, resources);
      const listed = await deps.projects.variables(resources.project.get().id, io.signal);
      const current = new Map(listed.map((variable) => [variable.name, variable.fingerprint]));
      // One that was edited outside keeps its fingerprint beside it, and must be written all the same.
      const edited = ({ name }: HostingVariable) => itemOf(planned.get().plan, 'variable', name)?.action === 'drift';
      pending.set(wanted.filter((variable) => current.get(variable.name) !== variable.fingerprint || edited(variable)));
      return pending.get().length === 0 ? `${wanted.length} unchanged` : undefined;
    },
    run: async (io) => {
      guardProduction(
        { what: 'Vercel project', identities: [resources.project.get().id, resources.project.get().name] },
        deps.settings.production,
      );
      written.set(await deps.projects.setVariables(resources.project.get().id, pending.get(), io.signal));
      return `${written.get().length} written`;
    },
  };
}
