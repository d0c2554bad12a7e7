import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';

const configSchema = z.object({ version: z.literal(3) });

/** Throws `DEPLOY_OUTPUT_MISSING` (kind `missing`) unless the folder is a Build Output API v3 folder. */
export async function checkBuildOutput(outputDir: string): Promise<void> {
  const path = join(outputDir, 'config.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const reason =
    text === undefined ? 'it has no config.json' : isVersionThree(text) ? undefined : 'its config.json is not one of version 3';
  if (reason === undefined) return;
  throw new StagingError('missing', 'DEPLOY_OUTPUT_MISSING', `There is no build output in ${printable(outputDir)}: ${reason}.`, {
    fix: 'Set `app.build` to a command that writes Build Output API v3, and `app.output` to the folder that it writes.',
  });
}

function isVersionThree(text: string): boolean {
  try {
    return configSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** Returns a 40-digit hash over names and contents of all files of a folder: the same files give the same hash. */
export async function hashFolder(dir: string): Promise<string> {
  const hash = createHash('sha1');
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const name of (await readdir(folder)).toSorted()) {
      const path = join(folder, name);
      const stat = await lstat(path);
      if (stat.isDirectory()) await visit(path, `${prefix}${name}/`);
      else if (stat.isSymbolicLink()) hash.update(`link ${prefix}${name}\0${await readlink(path)}\0`);
      else if (stat.isFile())
        hash.update(
          `file ${prefix}${name}\0${createHash('sha1')
            .update(await readFile(path))
            .digest('hex')}\0`,
        );
    }
  };
  await visit(dir, '');
  return hash.digest('hex');
}
