import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { z } from 'zod';
import { isDue } from '../cron.ts';
import type { LayoutFile } from './layout.ts';
import { isSymlink } from './layout.ts';
import type { Route, Routes } from './router.ts';
import { compileRoutes } from './router.ts';

/** A file that is served as it is. */
export interface StaticFile {
  readonly path: string;
  readonly contentType: string;
  readonly size: number;
  readonly etag: string;
}

/** A function of a deployment. */
export interface FunctionFile {
  /** Name in addresses: `api/hello`, `index`. */
  readonly name: string;
  /** Its folder, links followed. */
  readonly dir: string;
  readonly handler: string;
  readonly addHelpers: boolean;
  readonly environment: Readonly<Record<string, string>>;
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
  readonly crons: readonly Cron[];
}

const stringMap = z.record(z.string(), z.string());
const condition = z.looseObject({
  type: z.enum(['header', 'cookie', 'query', 'host']),
  key: z.string().optional(),
  value: z.unknown().optional(),
});
const route = z.looseObject({
  src: z.string().optional(),
  handle: z.string().optional(),
  dest: z.string().optional(),
  status: z.number().int().optional(),
  headers: stringMap.optional(),
  continue: z.boolean().optional(),
  check: z.boolean().optional(),
  methods: z.array(z.string()).optional(),
  has: z.array(condition).optional(),
  missing: z.array(condition).optional(),
  caseSensitive: z.boolean().optional(),
});
const config = z.looseObject({
  version: z.literal(3),
  routes: z.array(route).default([]),
  overrides: z.record(z.string(), z.looseObject({ path: z.string().optional(), contentType: z.string().optional() })).default({}),
  crons: z.array(z.looseObject({ path: z.string(), schedule: z.string() })).default([]),
});
const functionConfig = z.looseObject({
  runtime: z.string(),
  handler: z.string().optional(),
  launcherType: z.string().optional(),
  shouldAddHelpers: z.boolean().default(false),
  environment: z.union([stringMap, z.array(z.unknown()).transform(() => ({}))]).default({}),
});

const outputPrefix = '.vercel/output/';
const functionsPrefix = `${outputPrefix}functions/`;

/** Reads a laid-out deployment. Throws with a sentence for the user when it cannot be run. */
export async function readBuildOutput(dir: string, files: readonly LayoutFile[]): Promise<BuildOutput> {
  if (!files.some((file) => file.file === `${outputPrefix}config.json`)) {
    throw new Error('The deployment has no .vercel/output/config.json: only prebuilt output (`--prebuilt`) is run by the local cloud.');
  }
  const settings = parse(config, await readFile(join(dir, outputPrefix, 'config.json'), 'utf8'), '.vercel/output/config.json');
  const routes: readonly Route[] = settings.routes;
  for (const { schedule } of settings.crons) isDue(schedule, new Date(0)); // throws on one that nobody could run
  return {
    routes: compileRoutes(routes),
    statics: staticFiles(dir, files, settings.overrides),
    functions: await functionFiles(dir, files),
    crons: settings.crons,
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string, name: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${name} is not JSON.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}.`);
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
    const contentType = override?.contentType ?? typeOf(name);
    const served = { path: join(dir, file.file), contentType, size: file.size, etag: `"${file.sha}"` };
    const address = `/${override?.path ?? name}`;
    statics.set(address, served);
    if (/(^|\/)index$/.test(address.slice(1)) || address.endsWith('/index.html')) {
      statics.set(address.replace(/\/index(\.html)?$/, '') || '/', served);
    }
  }
  return statics;
}

async function functionFiles(dir: string, files: readonly LayoutFile[]): Promise<Map<string, FunctionFile>> {
  const functions = new Map<string, FunctionFile>();
  const folders = new Set<string>();
  for (const file of files) {
    if (!file.file.startsWith(functionsPrefix)) continue;
    if (file.file.endsWith('.func') && isSymlink(file)) folders.add(file.file);
    if (file.file.endsWith('.func/.vc-config.json')) folders.add(dirname(file.file));
  }
  for (const folder of folders) {
    const name = folder.slice(functionsPrefix.length, -'.func'.length);
    const read = await readFunction(dir, folder, name);
    functions.set(`/${name}`, read);
    if (/(^|\/)index$/.test(name)) functions.set(`/${name}`.replace(/\/index$/, '') || '/', read);
  }
  return functions;
}

async function readFunction(dir: string, folder: string, name: string): Promise<FunctionFile> {
  const where = `${folder}/.vc-config.json`;
  const text = await readFile(join(dir, where), 'utf8').catch(() => {
    throw new Error(`${where} cannot be read: the function's link leads nowhere.`);
  });
  const settings = parse(functionConfig, text, where);
  if (!settings.runtime.startsWith('nodejs'))
    throw new Error(`${where}: the runtime "${settings.runtime}" is not emulated by the local cloud.`);
  if (settings.handler === undefined) throw new Error(`${where}: \`handler\` is missing.`);
  const handler = normalize(settings.handler);
  if (handler.startsWith('..') || handler.startsWith('/'))
    throw new Error(`${where}: the handler "${settings.handler}" lies outside the function.`);
  if (!existsSync(join(dir, folder, handler))) throw new Error(`${where}: the handler "${settings.handler}" was not uploaded.`);
  return { name, dir: join(dir, folder), handler, addHelpers: settings.shouldAddHelpers, environment: settings.environment };
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'application/javascript; charset=utf-8',
  '.mjs': 'application/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/vnd.microsoft.icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.pdf': 'application/pdf',
  '.wasm': 'application/wasm',
  '.mp4': 'video/mp4',
};

function typeOf(name: string): string {
  return types[extname(name).toLowerCase()] ?? 'application/octet-stream';
}
