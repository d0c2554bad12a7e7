import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { jsonOrUndefined } from '../../core/json.ts';
import type { BuiltSite } from '../../core/smoke/routes.ts';

// vercel.com/docs/build-output-api/v3/configuration, read 2026-11-22: only what names routes.
const configSchema = z.object({
  routes: z.array(z.looseObject({ src: z.string().optional(), dest: z.string().optional() })).default([]),
  overrides: z.record(z.string(), z.looseObject({ path: z.string().optional() })).default({}),
  crons: z.array(z.looseObject({ path: z.string() })).default([]),
});

/** Reads what a Build Output API v3 folder serves; undefined when there is none, or its config.json is not one. */
export async function readBuiltSite(outputDir: string): Promise<BuiltSite | undefined> {
  const text = await readFile(join(outputDir, 'config.json'), 'utf8').catch(() => undefined);
  const config = text === undefined ? undefined : configSchema.safeParse(jsonOrUndefined(text)).data;
  if (config === undefined) return undefined;
  const [functions, files] = await Promise.all([functionsIn(join(outputDir, 'functions')), filesIn(join(outputDir, 'static'))]);
  return {
    functions,
    pages: files.filter((file) => file.endsWith('.html')).map((file) => config.overrides[file]?.path ?? file),
    rules: config.routes.flatMap(({ src, dest }) => (src === undefined || dest === undefined ? [] : [{ src, dest }])),
    crons: config.crons.map(({ path }) => path),
  };
}

async function functionsIn(dir: string): Promise<readonly string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      // A function may be a link to another one.
      if (entry.name.endsWith('.func')) found.push(namesOf(dir, path).slice(0, -'.func'.length));
      else if (entry.isDirectory()) await visit(path);
    }
  };
  await visit(dir);
  return found;
}

async function filesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => namesOf(dir, join(entry.parentPath, entry.name)));
}

function namesOf(dir: string, path: string): string {
  return relative(dir, path).split(sep).join('/');
}
