import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { StagingError } from '../../core/errors.ts';
import { samplePlaces } from '../../core/init/sample.ts';
import { codeOf } from './durable-file.ts';

/** A file of the sample project: its path there, with forward slashes, and its text. */
export interface SampleFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Returns the sample project's files as the tool's own package in `toolRoot` holds them. Throws `SAMPLE_MISSING` (kind `missing`) when the
 * package is not whole.
 */
export async function readSample(toolRoot: string): Promise<readonly SampleFile[]> {
  const files = await Promise.all(
    samplePlaces.map(async ({ from, to }) => {
      const names = await namesBelow(toolRoot, from);
      return Promise.all(
        names.map(async (name) => ({ name: `${to}${name.slice(from.length)}`, text: await readFile(join(toolRoot, name), 'utf8') })),
      );
    }),
  );
  return files.flat();
}

/** The files at or below a place, sorted, from the root of the package. */
async function namesBelow(toolRoot: string, place: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(join(toolRoot, place), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => relative(toolRoot, join(entry.parentPath, entry.name)).split(sep).join('/')).toSorted();
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return [place];
    throw new StagingError('missing', 'SAMPLE_MISSING', `${place} is missing in ${toolRoot}, so there is no sample to write.`, {
      fix: 'Install jv-staging again; in its own repository run `node bin/setup.js`.',
      cause: error,
    });
  }
}
