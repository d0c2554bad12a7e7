import { StagingError } from './errors.ts';
import type { ProductionSettings } from './settings.ts';

/** What is about to be changed. */
export interface GuardedTarget {
  readonly what: 'domain' | 'Vercel project' | 'Supabase project' | 'Upstash database';
  /** Every identity it is known by: name, id, reference. */
  readonly identities: readonly string[];
}

/**
 * Refuses to touch production: throws `PRODUCTION_REFUSED` (exit 6) when one of the target's identities is among those that the
 * configuration names as production's. Called before every mutating call.
 */
export function guardProduction(target: GuardedTarget, production: ProductionSettings): void {
  const found = target.identities.find((identity) => identitiesOf(target.what, production).includes(identity));
  if (found === undefined) return;
  throw new StagingError(
    'refused',
    'PRODUCTION_REFUSED',
    `The ${target.what} ${found} is named under \`production\` in the configuration, so nothing is changed there; expected one of staging alone.`,
    { fix: 'Correct `name` or `domain` in the configuration, then run `jv-staging status`.' },
  );
}

function identitiesOf(what: GuardedTarget['what'], production: ProductionSettings): readonly string[] {
  switch (what) {
    case 'domain':
      return production.domains;
    case 'Vercel project':
      return production.vercelProjects;
    case 'Supabase project':
      return production.supabaseProjects;
    case 'Upstash database':
      return production.upstashDatabases;
  }
}
