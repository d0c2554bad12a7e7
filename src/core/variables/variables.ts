import type { EnvReference, ResourceFact, VariableSettings } from '../settings.ts';

/** A variable of the app with its value found. */
export interface ResolvedVariable {
  readonly name: string;
  readonly value: string;
  readonly class: 'public' | 'secret';
}

/** The app's environment as far as it could be found. */
export interface ResolvedVariables {
  /** In the order of the configuration. */
  readonly variables: readonly ResolvedVariable[];
  /** Required variables whose value is missing, each with the environment variable that it should come from. */
  readonly missing: readonly { readonly name: string; readonly source: string }[];
}

/**
 * Returns the app's environment: literals as they stand, facts from the resources, references by `readSecret`. An optional
 * variable without a value is left out; an empty text counts as missing.
 */
export function resolveVariables(
  contract: Readonly<Record<string, VariableSettings>>,
  facts: Readonly<Record<ResourceFact, string>>,
  readSecret: (reference: EnvReference) => string | undefined,
): ResolvedVariables {
  const entries = Object.entries(contract).map(([name, setting]) => {
    const { value } = setting;
    if (typeof value === 'string') return { name, setting, found: value, source: 'the configuration' };
    if (value.kind === 'fact') return { name, setting, found: facts[value.fact], source: value.fact };
    return { name, setting, found: readSecret(value), source: value.name };
  });
  return {
    variables: entries.flatMap(({ name, setting, found }) =>
      found === undefined || found === '' ? [] : [{ name, value: found, class: setting.class }],
    ),
    missing: entries.flatMap(({ name, setting, found, source }) =>
      setting.required && (found === undefined || found === '') ? [{ name, source }] : [],
    ),
  };
}

/** Returns the values of the environment's `public` variables by name; those without a value are left out. */
export function publicValues(
  contract: Readonly<Record<string, VariableSettings>>,
  facts: Readonly<Record<ResourceFact, string>>,
  readSecret: (reference: EnvReference) => string | undefined,
): Readonly<Record<string, string>> {
  const open = Object.fromEntries(Object.entries(contract).filter(([, setting]) => setting.class === 'public'));
  return Object.fromEntries(resolveVariables(open, facts, readSecret).variables.map(({ name, value }) => [name, value]));
}
