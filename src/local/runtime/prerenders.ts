import { readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { contentTypeOf } from './content-types.ts';
import { functionsPrefix } from './functions.ts';
import { parseJson } from './json.ts';
import type { LayoutFile } from './layout.ts';
import type { CompiledCondition } from './routes.ts';

/** How the answers of a function are kept (vercel.com/docs/build-output-api/primitives#prerender-functions). */
export interface Prerender {
  /** Seconds that an answer is fresh; undefined: for ever. */
  readonly freshSeconds: number | undefined;
  /** What is answered before the function was ever asked. */
  readonly fallback: PrerenderedFile | undefined;
  /** Query parameters that the function sees, and that tell answers apart; undefined: all. */
  readonly allowQuery: readonly string[] | undefined;
  /** Whoever shows this secret gets an answer of the function itself. */
  readonly bypassToken: string | undefined;
  /** Requests with one of these go to the function. */
  readonly bypassFor: readonly CompiledCondition[];
}

/** A prerendered answer on disk. */
export interface PrerenderedFile {
  readonly path: string;
  readonly size: number;
  /** When it was made, milliseconds since 1970. */
  readonly atMs: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const suffix = '.prerender-config.json';

const condition = z.looseObject({
  type: z.enum(['header', 'cookie', 'query', 'host']),
  key: z.string().optional(),
  value: z.string().optional(),
});
const prerenderConfig = z.looseObject({
  expiration: z.union([z.number(), z.literal(false)]).optional(),
  fallback: z.union([z.string(), z.looseObject({ fsPath: z.string() })]).nullish(),
  initialHeaders: z.record(z.string(), z.string()).default({}),
  initialStatus: z.number().int().default(200),
  allowQuery: z.array(z.string()).optional(),
  bypassToken: z.string().optional(),
  experimentalBypassFor: z.array(condition).default([]),
});

/** Reads the prerender settings of a laid-out deployment, by the address path of their function. */
export async function readPrerenders(dir: string, files: readonly LayoutFile[]): Promise<Map<string, Prerender>> {
  const prerenders = new Map<string, Prerender>();
  for (const { file } of files) {
    if (!file.startsWith(functionsPrefix) || !file.endsWith(suffix)) continue;
    const address = `/${file.slice(functionsPrefix.length, -suffix.length)}`;
    const read = await readPrerender(dir, file);
    prerenders.set(address, read);
    if (address.endsWith('/index')) prerenders.set(address.slice(0, -'/index'.length) || '/', read);
  }
  return prerenders;
}

async function readPrerender(dir: string, file: string): Promise<Prerender> {
  const settings = parseJson(prerenderConfig, await readFile(join(dir, file), 'utf8'), file);
  const named = typeof settings.fallback === 'string' ? settings.fallback : settings.fallback?.fsPath;
  const fallback = named === undefined ? undefined : await prerendered(dir, file, named);
  return {
    freshSeconds: settings.expiration === false ? undefined : settings.expiration,
    fallback: fallback && {
      ...fallback,
      status: settings.initialStatus,
      headers: { ...fallback.headers, ...lowerCased(settings.initialHeaders) },
    },
    allowQuery: settings.allowQuery,
    bypassToken: settings.bypassToken,
    bypassFor: settings.experimentalBypassFor.map((one) => ({
      ...one,
      pattern: one.value === undefined ? undefined : new RegExp(`^${one.value}$`),
    })),
  };
}

async function prerendered(dir: string, config: string, name: string): Promise<PrerenderedFile> {
  const lies = normalize(`${dirname(config)}/${name}`);
  const path = join(dir, lies);
  const found = lies.startsWith(functionsPrefix) ? await stat(path).catch(() => undefined) : undefined;
  if (!found) throw new Error(`${config}: the fallback "${name}" was not uploaded.`);
  return { path, size: found.size, atMs: Date.now(), status: 200, headers: { 'content-type': contentTypeOf(name) } };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
