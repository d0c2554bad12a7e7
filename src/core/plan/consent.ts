import { StagingError } from '../errors.ts';
import type { Plan } from './model.ts';

/** Returns the error for a plan that nobody could be asked about (exit 2): a flag is missing, nothing is unsafe. */
export function consentMissing(plan: Plan): StagingError {
  return new StagingError(
    'usage',
    'CONSENT_MISSING',
    `There is no terminal to ask on whether to carry out the plan for ${plan.name}, expected \`--yes\` or \`--plan\`.`,
    {
      fix: 'Run `jv-staging plan` to see it, then `jv-staging provision --yes`.',
      data: plan,
    },
  );
}

/** Returns the error for a plan that a person said no to (exit 6). */
export function declined(plan: Plan): StagingError {
  return new StagingError('refused', 'PLAN_DECLINED', `The plan for ${plan.name} was not agreed to; nothing was changed.`, {
    fix: 'Run `jv-staging provision` again and answer yes.',
  });
}
