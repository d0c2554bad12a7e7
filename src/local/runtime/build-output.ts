import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isDue } from '../cron.ts';
import { contentTypeOf } from './content-types.ts';
import type { FunctionFile } from './functions.ts';
import { readFunctions } from './functions.ts';
import type { ImagesConfig } from './images.ts';
import { imagesConfig } from './images.ts';
import { parseJson } from './json.ts';
import type { LayoutFile } from './layout.ts';
import type { Prerender } from './prerenders.ts';
import { readPrerenders } from './prerenders.ts';
import type { Route, Routes } from './routes.ts';
import { compileRoutes } from './routes.ts';

/** A file that is served as it is. */
export interface StaticFile {
  readonly path: string;
  readonly contentType: string;
  readonly size: number;
  readonly etag: string;
}

/** A scheduled request. */
export interface Cron {
  readonly path: string;
  readonly schedule: string;
}

/** A deployment's Build Output (API v3), read and checked. */
export interface BuildOutput {
  readonly routes: Routes;
  /** By address path, `/` first. */
  readonly statics: ReadonlyMap<string, StaticFile>;
  /** By address path, `/` first. */
  readonly functions: ReadonlyMap<string, FunctionFile>;
  /** By the address path of their function. */
  readonly prerenders: ReadonlyMap<string, Prerender>;
  readonly crons: readonly Cron[];
  readonly images: ImagesConfig | undefined;
}

const stringMap = z.record(z.string(), z.string());
const condition = z.looseObject({
  type: z.enum(['header', 'cookie', 'query', 'host']),
  key: z.string().optional(),
  value: z.unknown().optional(),
});
const transform = z.looseObject({
  type: z.enum(['request.headers', 'request.query', 'response.headers']),
  op: z.enum(['append', 'set', 'delete']),
  target: z.looseObject({ key: z.string() }),
  args: z.union([z.string(), z.array(z.string())]).optional(),
});
const route = z.looseObject({
  src: z.string().optional(),
  handle: z.string().optional(),
  dest: z.string().optional(),
  status: z.number().int().optional(),
  headers: stringMap.optional(),
  continue: z.boolean().optional(),
  check: z.boolean().optional(),
  override: z.boolean().optional(),
  important: z.boolean().optional(),
  methods: z.array(z.string()).optional(),
  has: z.array(condition).optional(),
  missing: z.array(condition).optional(),
  caseSensitive: z.boolean().optional(),
  middlewarePath: z.string().optional(),
  transforms: z.array(transform).optional(),
  locale: z.looseObject({ redirect: stringMap.optional(), cookie: z.string().optional() }).optional(),
});
const config = z.looseObject({
  version: z.literal(3),
  routes: z.array(route).default([]),
  overrides: z.record(z.string(), z.looseObject({ path: z.string().optional(), contentType: z.string().optional() })).default({}),
  images: imagesConfig.optional(),
  crons: z.array(z.looseObject({ path: z.string(), schedule: z.string() })).default([]),
});

const outputPrefix = '.vercel/output/';

/** Reads a laid-out deployment. Throws with a sentence for the user when it cannot be run. */
export async function readBuildOutput(dir: string, files: readonly LayoutFile[]): Promise<BuildOutput> {
  if (!files.some((file) => file.file === `${outputPrefix}config.json`)) {
    throw new Error('The deployment has no .vercel/output/config.json: only prebuilt output (`--prebuilt`) is run by the local cloud.');
  }
  const settings = parseJson(config, await readFile(join(dir, outputPrefix, 'config.json'), 'utf8'), '.vercel/output/config.json');
  const routes: readonly Route[] = settings.routes;
  for (const { schedule } of settings.crons) isDue(schedule, new Date(0)); // throws on one that nobody could run
  return {
    routes: compileRoutes(routes),
    statics: staticFiles(dir, files, settings.overrides),
    functions: await readFunctions(dir, files),
    prerenders: await readPrerenders(dir, files),
    crons: settings.crons,
    images: settings.images,
  };
}

function staticFiles(
  dir: string,
  files: readonly LayoutFile[],
  overrides: Readonly<Record<string, { readonly path?: string | undefined; readonly contentType?: string | undefined }>>,
): Map<string, StaticFile> {
  const prefix = `${outputPrefix}static/`;
  const statics = new Map<string, StaticFile>();
  for (const file of files) {
    if (!file.file.startsWith(prefix)) continue;
    const name = file.file.slice(prefix.length);
    const override = overrides[name];
    const contentType = override?.contentType ?? contentTypeOf(name);
    const served = { path: join(dir, file.file), contentType, size: file.size, etag: `"${file.sha}"` };
    const address = `/${override?.path ?? name}`;
    statics.set(address, served);
    if (/(^|\/)index$/.test(address.slice(1)) || address.endsWith('/index.html')) {
      statics.set(address.replace(/\/index(\.html)?$/, '') || '/', served);
    }
  }
  return statics;
}
