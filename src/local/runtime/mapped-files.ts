import { readFile } from 'node:fs/promises';
import { dirname, normalize } from 'node:path';
import { z } from 'zod';
import { functionsPrefix } from './functions.ts';
import { parseJson } from './json.ts';
import type { LayoutFile } from './layout.ts';

const mapped = z.looseObject({ filePathMap: z.record(z.string(), z.string()).optional() });

/**
 * Returns the files that a prebuilt deployment runs with: its output, and in each function's folder those that its `filePathMap`
 * names (name there: path from the project's root). Throws with a sentence for the user when one was not uploaded.
 */
export async function runnableFiles(files: readonly LayoutFile[], pathOf: (sha: string) => string): Promise<readonly LayoutFile[]> {
  const byName = new Map(files.map((file) => [file.file, file]));
  const all = new Map(files.filter(({ file }) => file.startsWith('.vercel/output/')).map((file) => [file.file, file]));
  for (const config of files) {
    if (!config.file.startsWith(functionsPrefix) || !config.file.endsWith('.func/.vc-config.json')) continue;
    const { filePathMap = {} } = parseJson(mapped, await readFile(pathOf(config.sha), 'utf8'), config.file);
    for (const [name, source] of Object.entries(filePathMap)) {
      const target = normalize(`${dirname(config.file)}/${name}`);
      if (!target.startsWith(`${dirname(config.file)}/`))
        throw new Error(`${config.file}: the file "${name}" in \`filePathMap\` lies outside the function.`);
      const uploaded = byName.get(normalize(source));
      if (!uploaded) throw new Error(`${config.file}: "${source}" in \`filePathMap\` was not uploaded.`);
      if (!all.has(target)) all.set(target, { ...uploaded, file: target });
    }
  }
  return [...all.values()];
}
