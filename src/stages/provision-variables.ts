import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import { itemOf } from '../core/plan/model.ts';
import type { HostingVariable } from '../core/ports/hosting.ts';
import { type Slot, slot } from '../core/slot.ts';
import type { Step } from '../core/step.ts';
import { resolveVariables } from '../core/variables.ts';
import type { ProvisionDeps, ProvisionRun } from './provision.ts';
import { type Resources, resourceFactsOf } from './resources.ts';

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

/** Returns the app's variables with their fingerprints. Throws `ENV_VALUE_MISSING` (exit 2), naming each. */
async function wantedVariables(deps: ProvisionDeps, resources: Resources): Promise<readonly HostingVariable[]> {
  const { variables, missing } = resolveVariables(deps.settings.env, resourceFactsOf(deps, resources), deps.readSecret);
  if (missing.length > 0) {
    const list = missing.map((variable) => `env.${variable.name} (from ${variable.source})`).join(', ');
    throw new StagingError('usage', 'ENV_VALUE_MISSING', `There is no value for ${list}, expected one for each required variable.`, {
      fix: `Add them to ${deps.secretFile.path} or set \`required: false\`.`,
    });
  }
  const sealing = await deps.sealing();
  return variables.map((variable) => ({ ...variable, fingerprint: sealing.fingerprint(variable.value) }));
}
