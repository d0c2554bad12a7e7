import { guardProduction } from '../../core/guard.ts';
import type { HostingDomain } from '../../core/ports/hosting.ts';
import type { Slot } from '../../core/run/slot.ts';
import type { Step } from '../../core/run/step.ts';
import type { ProvisionDeps } from './provision.ts';
import type { Resources } from '../resources.ts';

/** Returns the step that finds or adds the domain. */
export function domainStep(deps: ProvisionDeps, resources: Resources, domain: Slot<HostingDomain>): Step {
  const name = deps.settings.domain;
  return {
    id: 'domain',
    title: `Domain ${name}`,
    mutates: true,
    probe: async (io) => {
      const found = await deps.projects.findDomain(resources.project.get().id, name, io.signal);
      if (found === undefined) return undefined;
      domain.set(found);
      return found.verified ? 'verified' : dnsSentence(found);
    },
    run: async (io) => {
      guardProduction({ what: 'domain', identities: [name] }, deps.settings.production);
      domain.set(await deps.projects.addDomain(resources.project.get().id, name, io.signal));
      return domain.get().verified ? 'added, verified' : dnsSentence(domain.get());
    },
  };
}

/** Returns what is left to do for a domain, in words. */
export function dnsSentence(domain: HostingDomain): string {
  const { record } = domain;
  return record === undefined ? 'not verified yet' : `not verified yet: add the DNS record ${record.type} ${record.name} ${record.value}`;
}
