import { randomInt } from 'node:crypto';
import { openCollection } from '../../store.ts';

/** An organisation as the platform shows it: id and slug are the same text. */
export interface Organization {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/** The organisations of the local cloud. */
export interface Organizations {
  all(): readonly Organization[];
  get(slug: string): Organization | undefined;
  create(name: string): Promise<Organization>;
}

/** The organisation that exists from the start. */
export const firstOrganization: Organization = { id: 'jvlocalorg', slug: 'jvlocalorg', name: 'JetVision (local cloud)' };

/** Opens the stored organisations. */
export async function openOrganizations(stateDir: string): Promise<Organizations> {
  const stored = await openCollection<Organization>(stateDir, 'organizations');
  const all = () => [firstOrganization, ...stored.all()];
  return {
    all,
    get: (slug) => all().find((organization) => organization.slug === slug),
    create: async (name) => {
      const slug = Array.from({ length: 20 }, () => String.fromCharCode(97 + randomInt(26))).join('');
      const organization = { id: slug, slug, name };
      await stored.put(slug, organization);
      return organization;
    },
  };
}
