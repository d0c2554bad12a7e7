import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { jsonOrUndefined } from '../../core/json.ts';
import { codeOf } from '../files/durable-file.ts';

/** Where `vercel link` and `vercel pull` keep a project's settings; git does not keep it. */
const place = '.vercel/project.json';
const projectFile = z.looseObject({ settings: z.record(z.string(), z.unknown()).optional() });

/**
 * Returns the build's settings as `.vercel/project.json` beside the app has them, without the project that they are of; else those of
 * a framework (Vercel's name for it), or undefined when neither is known.
 */
export async function readBuildSettings(
  dir: string,
  framework: string | null | undefined,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = await readFile(join(dir, place), 'utf8').catch(() => undefined);
  const settings = text === undefined ? undefined : projectFile.safeParse(jsonOrUndefined(text)).data?.settings;
  return settings ?? (framework === undefined ? undefined : { framework });
}

/** Gives a checkout the build's settings that the folder it was made from has; one that has its own keeps them. */
export async function copyBuildSettings(from: string, to: string): Promise<void> {
  const settings = await readBuildSettings(from, undefined);
  if (settings === undefined) return;
  await mkdir(dirname(join(to, place)), { recursive: true });
  await writeFile(join(to, place), `${JSON.stringify({ settings })}\n`, { flag: 'wx' }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
}
