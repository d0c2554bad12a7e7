import { StagingError } from '../errors.ts';
import { printable } from '../printable.ts';

/** An environment file beside the app. */
export interface EnvironmentFile {
  /** Path from the app's folder, with `/`. */
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The environment files that a build would read by itself, those that win first. */
export interface EnvironmentFiles {
  /** Of this machine alone (`.env.local`): no deployment may depend on them. */
  readonly local: readonly EnvironmentFile[];
  /** Of everybody (`.env`): part of the app. */
  readonly shared: readonly EnvironmentFile[];
}

/** What a build is given, and what it is not. */
export interface BuildVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** Files of this machine, with the names whose values the build does not see, sorted. */
  readonly hidden: readonly { readonly file: string; readonly names: readonly string[] }[];
}

/**
 * Returns the variables that a build is started with, so that no value of a file of this machine reaches it: the environment's own
 * `public` ones, what the app's shared files say, and an empty value for everything else that a local file names. Build tools take what
 * their process has before any file (`@next/env` 16.4.6, Vite's `loadEnv`, dotenv: none overwrites, read 2026-11-27). Throws
 * `BUILD_VARIABLE_UNCLEAR` (exit 6) for a shared value that is made of others.
 */
export function buildVariables({ local, shared }: EnvironmentFiles, own: Readonly<Record<string, string>>): BuildVariables {
  const hidden = local.map(({ name, values }) => ({ file: name, names: Object.keys(values).toSorted() }));
  const names = new Set(hidden.flatMap((file) => file.names));
  const variables: Record<string, string> = { ...own };
  for (const name of names) if (own[name] === undefined) variables[name] = sharedValue(name, shared) ?? '';
  return { variables, hidden: hidden.filter((file) => file.names.length > 0) };
}

function sharedValue(name: string, shared: readonly EnvironmentFile[]): string | undefined {
  const file = shared.find(({ values }) => values[name] !== undefined);
  const value = file?.values[name];
  // Tools put other variables in for `$NAME` in a file, and never in what their process has.
  if (file === undefined || value?.includes('$') !== true) return value;
  throw new StagingError(
    'refused',
    'BUILD_VARIABLE_UNCLEAR',
    `${printable(name)} stands in a file of this machine, which would override ${printable(file.name)} in the build, and there it is made of other variables.`,
    { fix: `Put ${printable(name)} under \`env\` in the configuration, or move the local file away.` },
  );
}

/** Returns what a line says of files that a build did not see; empty when there is none. */
export function hiddenText(hidden: BuildVariables['hidden']): string {
  return hidden.map(({ file, names }) => `${printable(file)} is not read (${names.map((name) => printable(name)).join(', ')})`).join('; ');
}

/**
 * Returns what a line says of environment files that a function named and that were not uploaded; empty when there is none. Variables of a
 * shared file that the project lacks (`deployed`: those that it has) are named: the app knows them while it is built, and not afterwards.
 */
export function leftOutText(paths: readonly string[], shared: readonly EnvironmentFile[], deployed: readonly string[]): string {
  if (paths.length === 0) return '';
  const named = paths.map((path) => {
    const file = shared.find(({ name }) => path === name || path.endsWith(`/${name}`));
    const lacking = Object.keys(file?.values ?? {}).filter((name) => !deployed.includes(name));
    return `${printable(path)}${lacking.length === 0 ? '' : ` (\`env\` lacks its ${lacking.map((name) => printable(name)).join(', ')})`}`;
  });
  return `; not uploaded: ${named.join(', ')}`;
}
