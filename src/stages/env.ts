import { guardProduction } from '../core/guard.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { SecretFile } from '../core/ports/secret-file.ts';
import { slot } from '../core/slot.ts';
import type { StageRun } from '../core/stage.ts';
import { stageResult } from '../core/stage-result.ts';
import type { Step } from '../core/step.ts';
import { type VariableDifference, variableDiff } from '../core/variable-diff.ts';
import type { VariableProblem } from '../core/variable-rules.ts';
import type { Finding } from '../core/verdict.ts';
import { type LeaseDeps, leaseStep } from './lease.ts';
import { locateStep } from './locate.ts';
import type { Resources } from './resources.ts';
import { knownProblems, type VariableDeps, wantedVariables } from './wanted-variables.ts';

/** What the `env` commands need. */
export interface EnvDeps extends VariableDeps, LeaseDeps {
  readonly clock: Clock;
}

/** What `env push` reports. */
export interface EnvPushDetails {
  /** Names of the variables that were written. */
  readonly written: readonly string[];
  readonly variables: readonly VariableDifference[];
}

/** What `env pull` did. */
export interface EnvPulled {
  /** The file that was written, absolute. */
  readonly path: string;
  readonly written: readonly string[];
  /** Variables whose value the platform does not give out, and that are not known here either. */
  readonly unreadable: readonly string[];
}

/** What `env check` found. */
export interface EnvChecked {
  /** How many variables of the contract were looked at. */
  readonly checked: number;
  /** Those whose value comes from a resource, and is known once it exists. */
  readonly later: readonly string[];
  readonly missing: readonly string[];
  readonly problems: readonly VariableProblem[];
}

/** States that `env push` mends. */
const pushed: readonly VariableDifference['state'][] = ['missing', 'changed', 'unknown'];

/** Returns how the contract compares with the platform's variables; changes nothing and shows no value. */
export async function envDiff(deps: EnvDeps, resources: Resources, signal: AbortSignal): Promise<readonly VariableDifference[]> {
  await locate(deps, resources, signal);
  const wanted = await wantedVariables(deps, resources);
  return variableDiff(wanted, await deps.projects.variables(resources.project.get().id, signal));
}

/** Returns the stage that writes what `envDiff` finds to differ; variables that are not in the contract are left alone. */
export function envPushStage(deps: EnvDeps, resources: Resources): StageRun<EnvPushDetails> {
  const startedAtMs = deps.clock.nowMs();
  const before = slot<readonly VariableDifference[]>('variables before');
  const written = slot<readonly string[]>('variables written');
  const push: Step = {
    id: 'push',
    title: 'Write the variables that differ',
    mutates: true,
    probe: async (io) => {
      before.set(await envDiff(deps, resources, io.signal));
      return before.get().some(({ state }) => pushed.includes(state)) ? undefined : 'none differs';
    },
    run: async (io) => {
      const { id, name } = resources.project.get();
      guardProduction({ what: 'Vercel project', identities: [id, name] }, deps.settings.production);
      const names = new Set(before.get().flatMap((variable) => (pushed.includes(variable.state) ? [variable.name] : [])));
      const variables = (await wantedVariables(deps, resources)).filter((variable) => names.has(variable.name));
      written.set(await deps.projects.setVariables(id, variables, io.signal));
      return `${written.get().length} written`;
    },
  };
  return {
    steps: [locateStep(deps, resources), leaseStep(deps), push],
    result: () => {
      if (before.peek() === undefined) return undefined;
      const details = { written: written.peek() ?? [], variables: before.get() };
      return stageResult('env-push', [pushFinding(details)], startedAtMs, deps.clock, details);
    },
  };
}

/**
 * Writes the platform's values into a file: those that it gives out, and those known here whose fingerprint is the deployed one. What the
 * platform hides (`""`, `[SENSITIVE]`) is never taken for a value.
 */
export async function envPull(deps: EnvDeps, resources: Resources, file: SecretFile, signal: AbortSignal): Promise<EnvPulled> {
  await locate(deps, resources, signal);
  const project = resources.project.get().id;
  const [listed, readable, wanted] = await Promise.all([
    deps.projects.variables(project, signal),
    deps.projects.readableValues(project, signal),
    wantedVariables(deps, resources),
  ]);
  const deployed = new Map(listed.map((variable) => [variable.name, variable.fingerprint]));
  const known = wanted.filter((variable) => deployed.get(variable.name) === variable.fingerprint);
  const values = { ...readable, ...Object.fromEntries(known.map((variable) => [variable.name, variable.value])) };
  await file.write(values);
  return {
    path: file.path,
    written: Object.keys(values).toSorted(),
    unreadable: listed.map((variable) => variable.name).filter((name) => !Object.hasOwn(values, name)),
  };
}

/** Checks the contract by itself: no vendor is asked, so what comes from a resource is only named. */
export function envCheck(deps: Pick<EnvDeps, 'settings' | 'readSecret'>): EnvChecked {
  const entries = Object.entries(deps.settings.env);
  const later = entries.flatMap(([name, { value }]) => (typeof value === 'object' && value.kind === 'fact' ? [name] : []));
  const missing = entries.flatMap(([name, { value, required }]) =>
    required && (value === '' || (typeof value === 'object' && value.kind === 'env' && deps.readSecret(value) === undefined)) ? [name] : [],
  );
  return { checked: entries.length, later, missing, problems: knownProblems(deps) };
}

async function locate(deps: EnvDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  if (resources.cacheAccess.peek() !== undefined && resources.project.peek() !== undefined) return;
  await locateStep(deps, resources).run?.({ signal, note: () => undefined });
}

function pushFinding({ written, variables }: EnvPushDetails): Finding {
  const foreign = variables.filter(({ state }) => state === 'foreign').length;
  const rest = foreign === 0 ? '' : `; ${foreign} that are not in the contract were left alone`;
  return {
    id: 'variables',
    title: 'Variables',
    verdict: 'green',
    seen: written.length === 0 ? `all as wished${rest}` : `${written.length} written, live with the next deploy${rest}`,
    expected: 'as in the contract',
  };
}
