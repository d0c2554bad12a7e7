import type { LayoutFile } from '../runtime/layout.ts';
import { BuildFailure } from './build-failure.ts';
import type { AddContent } from './collect-files.ts';
import { collectFiles } from './collect-files.ts';
import type { PresetRoute, ProjectBuild, VercelJson } from './project-settings.ts';

/** Where static files are found and who may have written them. */
export interface StaticSource {
  readonly dir: string;
  readonly account: Parameters<typeof collectFiles>[0]['account'];
  readonly add: AddContent;
  readonly leaveOut?: ((path: string) => boolean) | undefined;
}

const staticPrefix = '.vercel/output/static/';

/** Returns a Build Output made of static files, the framework's routes and those of `vercel.json`. */
export async function staticOutput(
  source: StaticSource,
  project: ProjectBuild,
  functions: readonly LayoutFile[],
): Promise<readonly LayoutFile[]> {
  const statics = await collectFiles({ ...source, prefix: staticPrefix });
  const names = new Set(statics.map(({ file }) => file.slice(staticPrefix.length)));
  const config = {
    version: 3,
    routes: await routesOf(project, names, functions.length > 0),
    overrides: project.vercelJson.cleanUrls ? cleanNames(names) : {},
    crons: project.vercelJson.crons ?? [],
  };
  const content = Buffer.from(JSON.stringify(config));
  const file: LayoutFile = { file: '.vercel/output/config.json', sha: await source.add(content), size: content.length, mode: 0o100644 };
  return [file, ...functions, ...statics];
}

/** The phases in the order of the vendor's router: redirects and headers, files, rewrites, errors. */
async function routesOf(
  { framework, vercelJson }: ProjectBuild,
  names: ReadonlySet<string>,
  hasFunctions: boolean,
): Promise<readonly unknown[]> {
  const own = aroundFiles(await ownRoutes(vercelJson));
  const preset = aroundFiles(typeof framework?.defaultRoutes === 'object' ? framework.defaultRoutes : []);
  const unknownFunction = hasFunctions ? [{ src: '^/api(/.*)?$', status: 404 }] : [];
  const notFound = names.has('404.html') ? [{ handle: 'error' }, { status: 404, src: '/(.*)', dest: '/404.html' }] : [];
  return [...own.before, ...preset.before, { handle: 'filesystem' }, ...own.after, ...unknownFunction, ...preset.after, ...notFound];
}

/** Splits rules at the lookup of files; rules without it all come before. */
function aroundFiles(routes: readonly PresetRoute[]) {
  const at = routes.findIndex((route) => route.handle === 'filesystem');
  return at < 0 ? { before: routes, after: [] } : { before: routes.slice(0, at), after: routes.slice(at + 1) };
}

async function ownRoutes(vercelJson: VercelJson): Promise<readonly PresetRoute[]> {
  const { getTransformedRoutes } = await import('@vercel/routing-utils');
  const { cleanUrls, trailingSlash, redirects, rewrites, headers } = vercelJson;
  const { routes, error } = getTransformedRoutes({
    ...(cleanUrls === undefined ? {} : { cleanUrls }),
    ...(trailingSlash === undefined ? {} : { trailingSlash }),
    ...(redirects ? { redirects } : {}),
    ...(rewrites ? { rewrites } : {}),
    ...(headers ? { headers } : {}),
  });
  if (error) throw new BuildFailure('BUILD_FAILED', `Invalid vercel.json: ${error.message}`);
  return routes ?? [];
}

/** Pages are served without their `.html`. */
function cleanNames(names: ReadonlySet<string>): Readonly<Record<string, { readonly path: string }>> {
  const pages = [...names].filter((name) => name.endsWith('.html') && !/(^|\/)(index|404)\.html$/.test(name));
  return Object.fromEntries(pages.map((name) => [name, { path: name.slice(0, -'.html'.length) }]));
}
