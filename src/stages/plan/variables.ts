import { StagingError } from '../../core/errors.ts';
import type { OwnedKind } from '../../core/plan/marker.ts';
import type { WantedVariable } from '../../core/plan/variable-items.ts';
import type { DatedVariable } from '../../core/ports/managed.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { EnvReference, ResourceFact, VariableSettings } from '../../core/settings.ts';

/** What the values of variables come from. */
export interface VariableSources {
  readonly contract: Readonly<Record<string, VariableSettings>>;
  /** What is known of the resources by now. */
  readonly facts: Readonly<Partial<Record<ResourceFact, string>>>;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  /** Names of lines of the environment file that are written before variables are. */
  readonly writtenBefore: readonly string[];
  /** Undefined while there is no key to make fingerprints with. */
  readonly sealing: Sealing | undefined;
  readonly environmentFile: string;
}

/** Returns the variables that have a value, or will have one; throws `ENV_VALUE_MISSING` (exit 2), naming each that has none. */
export function planVariables(sources: VariableSources): readonly WantedVariable[] {
  const missing: string[] = [];
  const wanted = Object.entries(sources.contract).flatMap(([name, setting]): readonly WantedVariable[] => {
    const found = valueOf(setting, sources);
    if (found === 'later') return [{ name, fingerprint: null }];
    if (found !== undefined && found.text !== '') return [{ name, fingerprint: sources.sealing?.fingerprint(found.text) ?? null }];
    if (setting.required) missing.push(`env.${name} (from ${sourceOf(setting)})`);
    return [];
  });
  if (missing.length > 0) throw valueMissing(missing, sources.environmentFile);
  return wanted;
}

/** Returns the resources that a variable with our own fingerprint of its very value points to. */
export function provenBy(
  contract: VariableSources['contract'],
  wanted: readonly WantedVariable[],
  listed: readonly DatedVariable[],
): readonly OwnedKind[] {
  const current = new Map(listed.map((variable) => [variable.name, variable.fingerprint]));
  const same = wanted.filter(({ name, fingerprint }) => fingerprint !== null && current.get(name) === fingerprint);
  const kinds = same.flatMap(({ name }): readonly OwnedKind[] => {
    const value = contract[name]?.value;
    const fact = typeof value === 'object' && value.kind === 'fact' ? value.fact : '';
    if (fact.startsWith('redis.')) return ['upstash-database'];
    return fact.startsWith('database.') || fact.startsWith('supabase.') ? ['supabase-project'] : [];
  });
  return same.length === 0 ? [] : ['vercel-project', ...new Set(kinds)];
}

function valueOf({ value }: VariableSettings, sources: VariableSources): { readonly text: string } | 'later' | undefined {
  if (typeof value === 'string') return { text: value };
  if (value.kind === 'fact') {
    const text = sources.facts[value.fact];
    return text === undefined ? 'later' : { text };
  }
  const text = sources.readSecret(value);
  if (text !== undefined) return { text };
  return sources.writtenBefore.includes(value.name) ? 'later' : undefined;
}

function sourceOf({ value }: VariableSettings): string {
  if (typeof value === 'string') return 'the configuration';
  return value.kind === 'fact' ? value.fact : value.name;
}

/** Returns the error that names every variable without a value, each with where it should come from. */
export function valueMissing(missing: readonly string[], environmentFile: string): StagingError {
  const message = `There is no value for ${missing.join(', ')}, expected one for each required variable.`;
  return new StagingError('usage', 'ENV_VALUE_MISSING', message, {
    fix: `Add them to ${environmentFile} or set \`required: false\`.`,
  });
}
