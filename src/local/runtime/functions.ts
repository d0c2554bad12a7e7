import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { parseJson } from './json.ts';
import type { LayoutFile } from './layout.ts';
import { isSymlink } from './layout.ts';

/** A function of a deployment. */
export interface FunctionFile {
  /** Name in addresses: `api/hello`, `index`. */
  readonly name: string;
  /** Its folder, links followed: functions that share one also share a process. */
  readonly dir: string;
  /** The file that is loaded, relative to the folder. */
  readonly handler: string;
  readonly addHelpers: boolean;
  /** The handler takes a web request and returns a web answer. */
  readonly webApi: boolean;
  /** `edge` for the runtime without Node's own interfaces. */
  readonly runtime: 'node' | 'edge';
  /** Files that edge code reads by `blob:` addresses: path in the folder by name. */
  readonly assets: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

const stringMap = z.record(z.string(), z.string());
const environment = z.union([stringMap, z.array(z.unknown()).transform(() => ({}))]).default({});
const functionConfig = z.looseObject({
  runtime: z.string(),
  handler: z.string().optional(),
  entrypoint: z.string().optional(),
  launcherType: z.string().optional(),
  shouldAddHelpers: z.boolean().default(false),
  useWebApi: z.boolean().default(false),
  assets: z.array(z.looseObject({ name: z.string(), path: z.string() })).default([]),
  environment,
});

/** Where functions lie in a deployment. */
export const functionsPrefix = '.vercel/output/functions/';

/** Reads the functions of a laid-out deployment, by address path. Throws with a sentence for the user when one cannot be run. */
export async function readFunctions(dir: string, files: readonly LayoutFile[]): Promise<Map<string, FunctionFile>> {
  const functions = new Map<string, FunctionFile>();
  for (const folder of functionFolders(files)) {
    const name = folder.slice(functionsPrefix.length, -'.func'.length);
    const read = await readFunction(dir, folder, name);
    functions.set(`/${name}`, read);
    if (/(^|\/)index$/.test(name)) functions.set(`/${name}`.replace(/\/index$/, '') || '/', read);
  }
  return functions;
}

function functionFolders(files: readonly LayoutFile[]): Set<string> {
  const folders = new Set<string>();
  for (const file of files) {
    if (!file.file.startsWith(functionsPrefix)) continue;
    if (file.file.endsWith('.func') && isSymlink(file)) folders.add(file.file);
    if (file.file.endsWith('.func/.vc-config.json')) folders.add(dirname(file.file));
  }
  return folders;
}

async function readFunction(dir: string, folder: string, name: string): Promise<FunctionFile> {
  const where = `${folder}/.vc-config.json`;
  const text = await readFile(join(dir, where), 'utf8').catch(() => {
    throw new Error(`${where} cannot be read: the function's link leads nowhere.`);
  });
  const settings = parseJson(functionConfig, text, where);
  const isEdge = settings.runtime === 'edge';
  if (!isEdge && !settings.runtime.startsWith('nodejs'))
    throw new Error(`${where}: the runtime "${settings.runtime}" is not emulated by the local cloud.`);
  const [field, entry] = isEdge ? ['entrypoint', settings.entrypoint] : ['handler', settings.handler];
  if (entry === undefined) throw new Error(`${where}: \`${field}\` is missing.`);
  const handler = normalize(entry);
  if (handler.startsWith('..') || handler.startsWith('/')) throw new Error(`${where}: the ${field} "${entry}" lies outside the function.`);
  if (!existsSync(join(dir, folder, handler))) throw new Error(`${where}: the ${field} "${entry}" was not uploaded.`);
  return {
    name,
    dir: await realpath(join(dir, folder)),
    handler,
    addHelpers: settings.shouldAddHelpers,
    webApi: settings.useWebApi,
    runtime: isEdge ? 'edge' : 'node',
    assets: Object.fromEntries(settings.assets.map((asset) => [asset.name, asset.path])),
    environment: settings.environment,
  };
}
