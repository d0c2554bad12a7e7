import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundFramework } from '../../core/init/repository.ts';

/** How Vercel's list recognises a framework: a package, a file, or words in a file. */
interface Detector {
  readonly path?: string | undefined;
  readonly matchContent?: string | undefined;
  readonly matchPackage?: string | undefined;
}

interface Listed {
  readonly name: string;
  readonly slug: string | null;
  readonly envPrefix?: string | undefined;
  /** True: a language or a container rather than a framework. */
  readonly runtimeFramework?: boolean | undefined;
  readonly supersedes?: readonly string[] | undefined;
  readonly detectors?: { readonly every?: readonly Detector[] | undefined; readonly some?: readonly Detector[] | undefined } | undefined;
}

/** Returns the framework of the app in a folder by Vercel's own list, or undefined. `packages` are those that it depends on. */
export async function findFramework(app: string, packages: readonly string[]): Promise<FoundFramework | undefined> {
  const { frameworks } = await import('./framework-list.ts');
  const list: readonly Listed[] = frameworks;
  const found: Listed[] = [];
  for (const framework of list) if (framework.runtimeFramework !== true && (await isUsed(framework, app, packages))) found.push(framework);
  const superseded = new Set(found.flatMap(({ supersedes }) => supersedes ?? []));
  const [first] = found.filter(({ slug }) => slug !== null && !superseded.has(slug));
  if (first === undefined || first.slug === null) return undefined;
  return { slug: first.slug, name: first.name, publicPrefix: first.envPrefix ?? '' };
}

async function isUsed({ detectors }: Listed, app: string, packages: readonly string[]): Promise<boolean> {
  const { every = [], some = [] } = detectors ?? {};
  if (every.length === 0 && some.length === 0) return false;
  for (const detector of every) if (!(await fits(detector, app, packages))) return false;
  for (const detector of some) if (await fits(detector, app, packages)) return true;
  return some.length === 0;
}

async function fits({ path, matchContent, matchPackage }: Detector, app: string, packages: readonly string[]): Promise<boolean> {
  if (matchPackage !== undefined) return packages.includes(matchPackage);
  if (path === undefined) return false;
  const text = await readFile(join(app, path), 'utf8').catch(() => undefined);
  return text !== undefined && (matchContent === undefined || new RegExp(matchContent, 'm').test(text));
}
