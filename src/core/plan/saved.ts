import { StagingError } from '../errors.ts';
import type { StagingSettings } from '../settings.ts';
import type { Plan } from './model.ts';

/** A plan as it is kept on disk between `plan --out` and `provision --plan`. */
export interface SavedPlan {
  /** How it was made: carrying it out is the same as asking for it then. */
  readonly adopt: boolean;
  readonly plan: Plan;
}

/** Throws `PLAN_OF_ANOTHER` (exit 6) when a saved plan is not this environment's on this target. */
export function refuseForeignPlan(
  { plan }: SavedPlan,
  settings: Pick<StagingSettings, 'name' | 'environment' | 'target'>,
  path: string,
): void {
  const text = ({ name, environment, target }: typeof settings) => `${name} (${environment}, target ${target})`;
  if (text(plan) === text(settings)) return;
  throw new StagingError('refused', 'PLAN_OF_ANOTHER', `The plan in ${path} is for ${text(plan)}, expected one for ${text(settings)}.`, {
    fix: `Run \`jv-staging plan --out ${path}\` for this environment.`,
  });
}
