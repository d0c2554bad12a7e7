import { readFile, readdir } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { parse } from 'acorn';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');
const packageJson = z.looseObject({ dependencies: z.record(z.string(), z.string()) });

/** Programs that are started with a part's packages beside them; everything else in dist/ may load `browser` and `volume` when it needs them. */
const partsOf: Readonly<Record<string, readonly string[]>> = {
  'lighthouse-worker.js': ['browser'],
  'local-daemon.js': ['local'],
  'local-instance.js': ['local'],
};

async function dependenciesOf(file: string): Promise<readonly string[]> {
  return Object.keys(packageJson.parse(JSON.parse(await readFile(join(root, file), 'utf8'))).dependencies);
}

/** Returns the packages that a module imports by a literal name, statically or when it gets there. */
function importedPackages(source: string): readonly string[] {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    if ('type' in node && /^(?:Import(?:Declaration|Expression)|Export(?:Named|All)Declaration)$/.test(String(node.type))) {
      const name = 'source' in node ? z.object({ value: z.string() }).safeParse(node.source).data?.value : undefined;
      if (name !== undefined && /^[^./]/.test(name) && !isBuiltin(name)) {
        names.add(
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        );
      }
    }
    for (const child of Object.values(node)) visit(child);
  };
  visit(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }));
  return [...names];
}

/** Returns each package that a file imports and that nothing installs for it, as `file: package`. */
async function undeclared(files: ReadonlyMap<string, readonly string[]>): Promise<readonly string[]> {
  const own = await dependenciesOf('package.json');
  const found: string[] = [];
  for (const [file, names] of files) {
    const parts = partsOf[file] ?? ['browser', 'volume'];
    const there = [...own, ...(await Promise.all(parts.map((part) => dependenciesOf(`bin/parts/${part}/package.json`)))).flat()];
    found.push(...names.filter((name) => !there.includes(name)).map((name) => `${file}: ${name}`));
  }
  return found;
}

test('every package that dist/ imports is bundled, a dependency, or in a part that is installed before it is loaded', async () => {
  const names = await readdir(join(root, 'dist'), { recursive: true });
  const files = names.filter((name) => name.endsWith('.js') && !/^(?:sample|types)\//.test(name));
  const imported = new Map<string, readonly string[]>();
  for (const name of files) imported.set(name, importedPackages(await readFile(join(root, 'dist', name), 'utf8')));

  expect(imported.size).toBeGreaterThan(60);
  expect([...imported.values()].flat()).toEqual(expect.arrayContaining(['bullmq', 'hono', 'lighthouse']));
  expect(await undeclared(imported)).toEqual([]);
});

test('the check sees a package that only the repository has, and one of a part that is not there yet', async () => {
  const bad = new Map([
    [
      'chunks/app-parts-X.js',
      importedPackages("import 'vitest'; export const load = () => import('@vercel/routing-utils'); import 'zod/v4';"),
    ],
    ['local-daemon.js', importedPackages("import 'hono'; import('lighthouse'); import 'node:fs';")],
  ]);

  expect(await undeclared(bad)).toEqual([
    'chunks/app-parts-X.js: vitest',
    'chunks/app-parts-X.js: @vercel/routing-utils',
    'local-daemon.js: lighthouse',
  ]);
});
