/** How a variable of the contract stands at the platform. */
export type VariableState =
  /** The value deployed is the wanted one. */
  | 'unchanged'
  /** There is no such variable yet. */
  | 'missing'
  /** Written by us, with another value. */
  | 'changed'
  /** Written by somebody else: whether its value is the wanted one cannot be told. */
  | 'unknown'
  /** Not in the contract: never touched. */
  | 'foreign';

/** One line of the comparison; holds no value. */
export interface VariableDifference {
  readonly name: string;
  readonly state: VariableState;
  readonly class: 'public' | 'secret' | null;
}

/** Returns how wanted variables compare with those at the platform, by their keyed fingerprints: wanted ones in order, then foreign ones by name. */
export function variableDiff(
  wanted: readonly { readonly name: string; readonly class: 'public' | 'secret'; readonly fingerprint: string }[],
  actual: readonly { readonly name: string; readonly fingerprint: string | null }[],
): readonly VariableDifference[] {
  const found = new Map(actual.map((variable) => [variable.name, variable.fingerprint]));
  const names = new Set(wanted.map((variable) => variable.name));
  const foreign = actual.map((variable) => variable.name).filter((name) => !names.has(name));
  return [
    ...wanted.map((variable) => ({
      name: variable.name,
      state: stateOf(found.has(variable.name), found.get(variable.name) ?? null, variable.fingerprint),
      class: variable.class,
    })),
    ...[...new Set(foreign)].toSorted().map((name) => ({ name, state: 'foreign' as const, class: null })),
  ];
}

function stateOf(isThere: boolean, actual: string | null, wanted: string): VariableState {
  if (!isThere) return 'missing';
  if (actual === null) return 'unknown';
  return actual === wanted ? 'unchanged' : 'changed';
}
