import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { execa } from 'execa';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import type { Repository } from '../../core/init/repository.ts';
import { printable } from '../../core/printable.ts';
import { findFramework } from './framework.ts';
import { gitRoot } from './git-state.ts';
import { repositoryOf } from './git-branches.ts';

/** What the reader is given. */
export interface RepositoryPlace {
  /** Folder that the configuration goes to, absolute. */
  readonly folder: string;
  /** Folder of the app below it, or undefined: it is looked for. */
  readonly appDir: string | undefined;
  /** All that git sees. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const packageJson = z.looseObject({
  name: z.string().optional(),
  homepage: z.string().optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
});
const vercelProject = z.looseObject({
  projectId: z.string().optional(),
  orgId: z.string().optional(),
  projectName: z.string().optional(),
  settings: z.looseObject({ rootDirectory: z.string().nullish() }).optional(),
});
const vercelJson = z.looseObject({ regions: z.array(z.string()).optional() });
const supabaseToml = z.looseObject({ db: z.looseObject({ major_version: z.number().optional() }).optional() });

/** Examples of environment files, the first that is there is read. */
const exampleNames = ['.env.example', '.env.sample', '.env.template', '.env.local.example', '.env.staging.example'];

/** Reads what a repository says of itself. Throws `REPOSITORY_FILE_BROKEN` (kind `usage`) for a file that is not what its name says. */
export async function readRepository(place: RepositoryPlace): Promise<Repository> {
  const { folder } = place;
  const linked = await readParsed(folder, '.vercel/project.json', JSON.parse, vercelProject);
  const appDir = place.appDir ?? (await appFolder(folder, linked?.settings?.rootDirectory ?? undefined));
  const app = join(folder, appDir);
  const manifest = await readParsed(app, 'package.json', JSON.parse, packageJson);
  const above = appDir === '.' ? manifest : await readParsed(folder, 'package.json', JSON.parse, packageJson);
  const vercel = await readParsed(app, 'vercel.json', JSON.parse, vercelJson);
  return {
    folder,
    appDir,
    packageName: above?.name ?? manifest?.name,
    homepage: above?.homepage ?? manifest?.homepage,
    packages: packagesOf(manifest),
    framework: await findFramework(app, packagesOf(manifest)),
    vercel: {
      project: linked?.projectName ?? linked?.projectId,
      team: linked?.orgId,
      hasSettings: existsSync(join(app, '.vercel/project.json')),
      regions: vercel?.regions ?? [],
    },
    supabase: await readSupabase(folder),
    git: await readGit(place),
    variables: await exampleVariables(app),
    router: routerOf(app, manifest?.dependencies?.['next']),
    healthRoute: findFile(folder, appDir, healthRoutes),
    title: await findTitle(app),
    hasSeed: existsSync(join(folder, 'seed/demo.json')),
  };
}

function packagesOf(manifest: z.output<typeof packageJson> | undefined): readonly string[] {
  return [...new Set([...Object.keys(manifest?.dependencies ?? {}), ...Object.keys(manifest?.devDependencies ?? {})])].toSorted();
}

/** The folder itself when it has a framework, the one that the Vercel project names, or the only app below `apps/`. */
async function appFolder(folder: string, rootDirectory: string | undefined): Promise<string> {
  if (rootDirectory !== undefined && existsSync(join(folder, rootDirectory))) return rootDirectory;
  const isApp = async (dir: string) => {
    const manifest = await readParsed(join(folder, dir), 'package.json', JSON.parse, packageJson);
    return manifest !== undefined && (await findFramework(join(folder, dir), packagesOf(manifest))) !== undefined;
  };
  if (await isApp('.')) return '.';
  const below = (await readdir(join(folder, 'apps'), { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory());
  const apps: string[] = [];
  for (const { name } of below) if (await isApp(`apps/${name}`)) apps.push(`apps/${name}`);
  const [only, second] = apps;
  return only !== undefined && second === undefined ? only : '.';
}

async function readSupabase(folder: string): Promise<Repository['supabase']> {
  const config = await readParsed(folder, 'supabase/config.toml', parseToml, supabaseToml);
  const version = config?.db?.major_version;
  const migrations = await readdir(join(folder, 'supabase/migrations')).catch(() => undefined);
  const project = (await readText(join(folder, 'supabase/.temp/project-ref')))?.trim();
  return {
    project: project === undefined || !/^[a-z]{20}$/.test(project) ? undefined : project,
    postgresVersion: version === 15 || version === 17 ? String(version) : undefined,
    hasMigrations: migrations !== undefined,
    migrations: (migrations ?? []).filter((file) => /^\d{14}_.+\.sql$/.test(file)).length,
  };
}

async function readGit({ folder, environment, signal }: RepositoryPlace): Promise<Repository['git']> {
  if (gitRoot(folder) === undefined) return undefined;
  const git = async (...args: readonly string[]) => {
    const env = { ...environment, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
    const options = { cwd: folder, env, extendEnv: false, reject: false, stdin: 'ignore', timeout: 20_000, cancelSignal: signal } as const;
    const ended = await execa('git', args, options);
    signal.throwIfAborted();
    return ended.exitCode === 0 ? ended.stdout.trim() : '';
  };
  const remote = await git('remote', 'get-url', 'origin');
  const refs = await git('for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes/origin');
  const branches = refs.split('\n').map((ref) => ref.replace(/^refs\/(?:heads|remotes\/origin)\//, ''));
  return { repository: repositoryOf(remote), branches: [...new Set(branches)].filter((branch) => branch !== '' && branch !== 'HEAD') };
}

function routerOf(app: string, nextRange: unknown): Repository['router'] {
  const folder = ['app', 'src/app'].find((name) => existsSync(join(app, name)));
  const major = /^\D*(\d+)/.exec(typeof nextRange === 'string' ? nextRange : '')?.[1];
  return folder === undefined
    ? undefined
    : { folder, typescript: existsSync(join(app, 'tsconfig.json')), nextMajor: major === undefined ? null : Number(major) };
}

async function exampleVariables(app: string): Promise<readonly string[]> {
  const file = exampleNames.find((name) => existsSync(join(app, name)));
  const text = file === undefined ? undefined : await readText(join(app, file));
  return text === undefined ? [] : Object.keys(parseEnv(text)).filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
}

const extensions = ['ts', 'js', 'tsx', 'jsx', 'mjs'];
const healthRoutes = [
  'app/api/health/route',
  'src/app/api/health/route',
  'pages/api/health',
  'src/pages/api/health',
  'api/health',
  'pages/api/health/index',
];
const titleFiles = ['app/layout', 'src/app/layout', 'app/page', 'src/app/page'];

function findFile(folder: string, appDir: string, stems: readonly string[]): string | undefined {
  const found = stems
    .flatMap((stem) => extensions.map((ending) => join(folder, appDir, `${stem}.${ending}`)))
    .find((path) => existsSync(path));
  return found === undefined ? undefined : relative(folder, found).split(sep).join('/');
}

/** Returns the title where it stands in one piece: metadata of a Next.js layout, or `<title>` of a static page. */
async function findTitle(app: string): Promise<string | undefined> {
  const layout = findFile(app, '.', titleFiles);
  const inLayout = /\btitle:\s*(?:'([^'\\\n]{3,80})'|"([^"\\\n]{3,80})")/.exec(
    (layout === undefined ? undefined : await readText(join(app, layout))) ?? '',
  );
  const page = ['index.html', 'public/index.html'].find((name) => existsSync(join(app, name)));
  const inPage = /<title>\s*([^<>&\n]{3,80}?)\s*<\/title>/i.exec((page === undefined ? undefined : await readText(join(app, page))) ?? '');
  const title = inLayout?.[1] ?? inLayout?.[2] ?? inPage?.[1];
  // What HTML would write in another way is not found again in the page.
  return title === undefined || /[&<>'"]/.test(title) ? undefined : title;
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function readParsed<Value>(
  folder: string,
  name: string,
  parse: (text: string) => unknown,
  schema: z.ZodType<Value>,
): Promise<Value | undefined> {
  const text = await readText(join(folder, name));
  if (text === undefined) return undefined;
  try {
    return schema.parse(parse(text));
  } catch (error) {
    throw new StagingError('usage', 'REPOSITORY_FILE_BROKEN', `${printable(join(folder, name))} is not what its name says.`, {
      fix: `Correct ${printable(name)}, or move it away, then run this again.`,
      cause: error,
    });
  }
}
