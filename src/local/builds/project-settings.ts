import { access, open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BuildFailure } from './build-failure.ts';

const command = z.string().nullish().catch(undefined);

/** What a project's settings, a deployment's `projectSettings` and `vercel.json` say of a build. */
const sayings = z.looseObject({
  framework: command,
  installCommand: command,
  buildCommand: command,
  outputDirectory: command,
});

/** What `vercel.json` says of routes; checked by the vendor's own library. */
const vercelJson = sayings.extend({
  cleanUrls: z.boolean().optional(),
  trailingSlash: z.boolean().optional(),
  redirects: z.array(z.looseObject({ source: z.string(), destination: z.string() })).optional(),
  rewrites: z.array(z.looseObject({ source: z.string(), destination: z.string() })).optional(),
  headers: z.array(z.looseObject({ source: z.string(), headers: z.array(z.object({ key: z.string(), value: z.string() })) })).optional(),
  crons: z.array(z.looseObject({ path: z.string(), schedule: z.string() })).optional(),
});

/** `vercel.json`, parsed. */
export type VercelJson = z.output<typeof vercelJson>;

/** A rule of a framework's own. */
export interface PresetRoute {
  readonly src?: string;
  readonly dest?: string;
  readonly status?: number;
  readonly handle?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly continue?: boolean;
}

/** What the vendor presets for a framework, as far as it is used here. */
export interface Preset {
  readonly name: string;
  readonly slug: string | null;
  readonly useRuntime?: { readonly use: string };
  readonly settings: {
    readonly buildCommand: { readonly value?: string | null; readonly placeholder?: string };
    readonly outputDirectory: { readonly value?: string | null; readonly placeholder?: string };
  };
  readonly defaultRoutes?: readonly PresetRoute[] | ((dirPrefix: string) => Promise<unknown>);
}

/** How a project is built. */
export interface ProjectBuild {
  readonly framework: Preset | undefined;
  /** Undefined where there is nothing to install. */
  readonly installCommand: string | undefined;
  /** Undefined where there is nothing to build. */
  readonly buildCommand: string | undefined;
  /** Undefined: `public`, or the root where nothing was built. */
  readonly outputDirectory: string | undefined;
  readonly vercelJson: VercelJson;
}

const manifest = z.looseObject({ scripts: z.record(z.string(), z.string()).optional() });

/** Lock files and the command that goes by them, as the vendor picks it (vercel.com/docs/package-managers). */
const installers = [
  ['bun.lock', 'bun install'],
  ['bun.lockb', 'bun install'],
  ['pnpm-lock.yaml', 'pnpm install'],
  ['yarn.lock', 'yarn install'],
  ['package-lock.json', 'npm install'],
] as const;

/**
 * Decides how the project in `root` is built: `vercel.json` wins over `settings` (strongest last), those win over the preset of
 * the framework, and that over scripts. An empty command means that there is none.
 */
export async function projectBuild(root: string, settings: readonly unknown[]): Promise<ProjectBuild> {
  const json = parseVercelJson(await readJsonFile(root, 'vercel.json'));
  const said = [...settings.map((one) => sayings.parse(one)), json].reduce<z.output<typeof sayings>>(merge, {});
  const { frameworks } = await import('@vercel/frameworks');
  const presets: readonly Preset[] = frameworks;
  const framework = presets.find(({ slug }) => slug !== null && slug === said.framework);
  if (typeof said.framework === 'string' && said.framework !== '' && !framework) {
    throw new BuildFailure('BUILD_FAILED', `The framework "${said.framework}" is not known.`);
  }
  const packageJson = await readJsonFile(root, 'package.json');
  const scripts = manifest.safeParse(packageJson).data?.scripts ?? {};
  const runner = (await installerIn(root)).split(' ')[0] ?? 'npm';
  return {
    framework,
    installCommand: chosen(said.installCommand, packageJson === undefined ? undefined : await installerIn(root)),
    buildCommand: chosen(said.buildCommand, scriptCommand(scripts, runner) ?? framework?.settings.buildCommand.value ?? undefined),
    outputDirectory: chosen(said.outputDirectory, framework?.settings.outputDirectory.value ?? undefined),
    vercelJson: json,
  };
}

function parseVercelJson(value: unknown): VercelJson {
  const parsed = vercelJson.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BuildFailure('BUILD_FAILED', `Invalid vercel.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}.`);
}

function merge(weak: z.output<typeof sayings>, strong: z.output<typeof sayings>): z.output<typeof sayings> {
  const said = Object.entries(strong).filter(([, value]) => value !== undefined && value !== null);
  return { ...weak, ...Object.fromEntries(said) };
}

function chosen(said: string | null | undefined, otherwise: string | undefined): string | undefined {
  if (said === '') return undefined;
  return said ?? otherwise;
}

function scriptCommand(scripts: Readonly<Record<string, string>>, runner: string): string | undefined {
  const name = ['vercel-build', 'build'].find((script) => scripts[script] !== undefined);
  return name === undefined ? undefined : `${runner} run ${name}`;
}

async function installerIn(root: string): Promise<string> {
  for (const [file, install] of installers) {
    const isThere = await access(join(root, file)).then(
      () => true,
      () => false,
    );
    if (isThere) return install;
  }
  return 'npm install';
}

/** Returns a JSON file of the project, or undefined where there is none. Throws `BuildFailure` when it is no JSON. */
async function readJsonFile(root: string, name: string): Promise<unknown> {
  const handle = await open(join(root, name), constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (!handle) return undefined;
  try {
    return JSON.parse(await handle.readFile('utf8'));
  } catch {
    throw new BuildFailure('BUILD_FAILED', `${name} is not JSON.`);
  } finally {
    await handle.close();
  }
}
