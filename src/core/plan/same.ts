import { canonical } from './marker.ts';
import type { Plan } from './model.ts';

/** Returns true when two plans would do the same to the same things; what they say beside that (cost, notes) does not count. */
export function samePlan(left: Plan, right: Plan): boolean {
  return canonical(essence(left)) === canonical(essence(right));
}

/** What a plan would do: the part of it that must not change between showing it and carrying it out. */
function essence({ version, name, environment, target, items }: Plan) {
  return { version, name, environment, target, items };
}
