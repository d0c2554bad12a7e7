import { shellQuoted } from '../shell.ts';
import type { WorkflowStep } from './steps.ts';

/** What the job that builds the app is made of. */
export interface BuildInput {
  /** Relative to the repository's root, with `/`. */
  readonly appDir: string;
  readonly build: readonly string[];
  /** Settings of `.vercel/project.json`, which git does not keep and `vercel build` needs; undefined when the build is another. */
  readonly buildSettings?: Readonly<Record<string, unknown>> | undefined;
  /** The app's public variables that the build sees: a value, or null for what only the environment itself can tell. */
  readonly buildVariables: Readonly<Record<string, string | null>>;
  /** Whether the app's folder has a lock file of npm's, to be installed before the build. */
  readonly installs: boolean;
}

/** Returns the steps that build the app. */
export function buildSteps(input: BuildInput): readonly WorkflowStep[] {
  const dir = { 'working-directory': input.appDir };
  return [
    ...(input.installs ? [{ name: 'Install', ...dir, run: 'npm ci' }] : []),
    ...settingsSteps(input),
    { name: 'Build', ...dir, ...variablesOf(input), run: ciCommand(input.build).map(shellWord).join(' ') },
  ];
}

/** A runner has no `vercel` on PATH: npx takes the app's own one, or the registry's. */
function ciCommand(build: readonly string[]): readonly string[] {
  return build[0] === 'vercel' ? ['npx', '--yes', ...build] : build;
}

/** `vercel build` asks for an account unless it finds settings; they name no project, so that it reads nobody's variables. */
function settingsSteps({ appDir, buildSettings }: BuildInput): readonly WorkflowStep[] {
  if (buildSettings === undefined) return [];
  const env = { SETTINGS: JSON.stringify({ settings: buildSettings }) };
  const run = String.raw`mkdir -p .vercel && printf "%s\n" "$SETTINGS" > .vercel/project.json`;
  return [{ name: 'Settings of the build', 'working-directory': appDir, env, run }];
}

function variablesOf({ buildVariables }: BuildInput): Pick<WorkflowStep, 'env'> {
  const env = Object.entries(buildVariables).map(([name, value]) => [name, value ?? `\${{ vars.${name} }}`]);
  return env.length === 0 ? {} : { env: Object.fromEntries(env) };
}

/** Returns a word as a POSIX shell takes it. */
export function shellWord(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : shellQuoted(word);
}
