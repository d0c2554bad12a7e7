import { z } from 'zod';
import type { EnvVar, Target } from './model.ts';
import type { World } from './world.ts';
import { newId, uniqueTime } from './world.ts';

const target = z.enum(['production', 'preview', 'development']);

/** A variable as a client sends it. */
export const newVariable = z.looseObject({
  key: z
    .string()
    .max(256)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and underscores that does not start with a digit'),
  value: z.string().max(65_536),
  type: z.enum(['system', 'secret', 'encrypted', 'plain', 'sensitive']).default('encrypted'),
  target: z.union([target.transform((one) => [one]), z.array(target)]).default([]),
  customEnvironmentIds: z.array(z.string()).default([]),
  gitBranch: z.string().nullish(),
  comment: z.string().max(500).nullish(),
});

/** A variable as a client sends it, parsed. */
export type NewVariable = z.output<typeof newVariable>;

/** What became of a list of variables. */
export interface WriteResult {
  readonly created: readonly EnvVar[];
  readonly failed: readonly { readonly error: Readonly<Record<string, unknown>> }[];
}

/** Writes variables one by one; those that exist for a target of theirs are replaced with `upsert` and refused without. */
export async function writeVariables(
  world: World,
  projectId: string,
  variables: readonly NewVariable[],
  upsert: boolean,
): Promise<WriteResult> {
  const created: EnvVar[] = [];
  const failed: { readonly error: Readonly<Record<string, unknown>> }[] = [];
  for (const variable of variables) {
    const problem = problemOf(world, projectId, variable);
    const clash = clashing(world, projectId, variable);
    if (problem) failed.push({ error: { code: 'bad_request', message: problem, key: variable.key } });
    else if (clash && !upsert) failed.push({ error: conflict(variable, clash) });
    else created.push(await store(world, projectId, variable, clash));
  }
  return { created, failed };
}

function problemOf(world: World, projectId: string, variable: NewVariable): string | undefined {
  const unknown = variable.customEnvironmentIds.find((id) => world.environments.get(id)?.projectId !== projectId);
  if (unknown !== undefined) return `The custom environment "${unknown}" does not exist in this project.`;
  if (variable.target.length === 0 && variable.customEnvironmentIds.length === 0) {
    return `The variable "${variable.key}" needs a target or a custom environment.`;
  }
  if (variable.type === 'sensitive' && variable.target.includes('development')) {
    return "You cannot set a Sensitive Environment Variable's target to development.";
  }
  if (variable.gitBranch && !(variable.target.length === 1 && variable.target[0] === 'preview')) {
    return 'A git branch can only be set for the target preview.';
  }
  return undefined;
}

/** Returns the variable that this one would shadow: same key, same branch, a common target or environment. */
function clashing(world: World, projectId: string, variable: NewVariable): EnvVar | undefined {
  return world.env
    .all()
    .filter((old) => old.projectId === projectId && old.key === variable.key)
    .filter((old) => (old.gitBranch ?? undefined) === (variable.gitBranch ?? undefined))
    .find((old) => {
      const shares = (one: readonly string[], other: readonly string[]) => one.some((item) => other.includes(item));
      return shares(old.target, variable.target) || shares(old.customEnvironmentIds, variable.customEnvironmentIds);
    });
}

function conflict(variable: NewVariable, clash: EnvVar): Readonly<Record<string, unknown>> {
  return {
    code: 'ENV_CONFLICT',
    message: `A variable with the name \`${variable.key}\` already exists for the target ${clash.target.join(',')} on branch ${clash.gitBranch ?? 'undefined'}`,
    key: variable.key,
    envVarId: clash.id,
    envVarKey: variable.key,
    target: variable.target,
    value: [],
  };
}

async function store(world: World, projectId: string, variable: NewVariable, old: EnvVar | undefined): Promise<EnvVar> {
  const now = uniqueTime();
  const doc: EnvVar = {
    id: old?.id ?? newId('', 16),
    projectId,
    key: variable.key,
    value: variable.value,
    type: variable.type,
    target: variable.target,
    customEnvironmentIds: variable.customEnvironmentIds,
    gitBranch: variable.gitBranch ?? undefined,
    comment: variable.comment ?? undefined,
    createdAt: old?.createdAt ?? now,
    updatedAt: now,
  };
  await world.env.put(doc.id, doc);
  return doc;
}

/** Returns the variables that a deployment of this target runs with; those of the branch win over those of all branches. */
export function variablesFor(
  world: World,
  projectId: string,
  where: { readonly target: Target; readonly customEnvironmentId?: string | undefined; readonly gitBranch?: string | undefined },
): Record<string, string> {
  const applying = world.env.all().filter((variable) => variable.projectId === projectId && applies(variable, where));
  const general = applying.filter((variable) => !variable.gitBranch);
  const special = applying.filter((variable) => variable.gitBranch);
  return Object.fromEntries([...general, ...special].map((variable) => [variable.key, variable.value]));
}

function applies(
  variable: EnvVar,
  where: { readonly target: Target; readonly customEnvironmentId?: string | undefined; readonly gitBranch?: string | undefined },
): boolean {
  if (variable.gitBranch && variable.gitBranch !== where.gitBranch) return false;
  if (where.customEnvironmentId) return variable.customEnvironmentIds.includes(where.customEnvironmentId);
  return variable.target.includes(where.target);
}
