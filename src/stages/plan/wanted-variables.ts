import { StagingError } from '../../core/errors.ts';
import type { HostingVariable } from '../../core/ports/hosting.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { EnvReference, StagingSettings } from '../../core/settings.ts';
import { type RuledVariable, type VariableProblem, variableProblems } from '../../core/variables/rules.ts';
import { resolveVariables } from '../../core/variables/variables.ts';
import { valueMissing } from './variables.ts';
import { type ResourceDeps, type Resources, resourceFactsOf } from '../resources.ts';

/** What finding the app's environment needs. */
export interface VariableDeps extends ResourceDeps {
  /** Returns the fingerprints' key holder; only asked for once the environment file has its key. */
  readonly sealing: () => Promise<Sealing>;
  readonly readSecret: (reference: EnvReference) => string | undefined;
}

/**
 * Returns the app's variables with their fingerprints. Throws `ENV_VALUE_MISSING` (exit 2) and `ENV_UNSAFE` (exit 6), each naming every
 * variable that it is about.
 */
export async function wantedVariables(deps: VariableDeps, resources: Resources): Promise<readonly HostingVariable[]> {
  const { env } = deps.settings;
  const { variables, missing } = resolveVariables(env, resourceFactsOf(deps, resources), deps.readSecret);
  if (missing.length > 0) {
    const list = missing.map((variable) => `env.${variable.name} (from ${variable.source})`);
    throw valueMissing(list, deps.secretFile.path);
  }
  const values = new Map(variables.map((variable) => [variable.name, variable.value]));
  refuseUnsafe(
    variableProblems(
      ruled(deps.settings, (name) => values.get(name)),
      deps.settings,
    ),
  );
  const sealing = await deps.sealing();
  return variables.map((variable) => ({ ...variable, fingerprint: sealing.fingerprint(variable.value) }));
}

/** Returns what is wrong with the environment as far as it is known before any resource exists: literals and references. */
export function knownProblems({ settings, readSecret }: Pick<VariableDeps, 'settings' | 'readSecret'>): readonly VariableProblem[] {
  const valueOf = (name: string) => {
    const value = settings.env[name]?.value;
    if (typeof value === 'string') return value;
    return value?.kind === 'env' ? readSecret(value) : undefined;
  };
  return variableProblems(ruled(settings, valueOf), settings);
}

/** Throws `ENV_UNSAFE` (exit 6) with every problem at once, unless there is none. */
export function refuseUnsafe(problems: readonly VariableProblem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const list = problems.map(({ name, seen, expected }) => `${name}: seen ${seen}, expected ${expected}`).join('; ');
  throw new StagingError('refused', 'ENV_UNSAFE', `The app’s environment is refused, so nothing was written: ${list}.`, {
    fix: first.fix,
    data: { problems },
  });
}

function ruled(settings: StagingSettings, valueOf: (name: string) => string | undefined): readonly RuledVariable[] {
  return Object.entries(settings.env).map(([name, setting]) => ({ name, setting, value: valueOf(name) }));
}
