import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildOutput } from './build-output.ts';
import { readBuildOutput } from './build-output.ts';
import type { LayoutFile } from './layout.ts';
import { layOutFiles } from './layout.ts';
import { runnableFiles } from './mapped-files.ts';

/** Where uploaded files lie and which files a deployment has. */
export interface RuntimeSources {
  readonly pathOf: (sha: string) => string;
  readonly filesOf: (id: string) => readonly LayoutFile[] | undefined;
}

/** Deployments' files on disk, and what they say. */
export interface Outputs {
  dirOf(id: string): string;
  /** Returns a deployment's Build Output, read once; lays its files out where they are not. */
  of(id: string): Promise<BuildOutput>;
  /** Lays a deployment's files out anew. Throws with a sentence for the user when they cannot be run. */
  layOut(id: string, files: readonly LayoutFile[]): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Opens the folder of laid-out deployments. Others may enter it but not list it. */
export async function openOutputs(dir: string, sources: RuntimeSources): Promise<Outputs> {
  await mkdir(dir, { recursive: true, mode: 0o711 });
  const known = new Map<string, Promise<BuildOutput>>();
  const dirOf = (id: string) => join(dir, id);
  const place = async (id: string, files: readonly LayoutFile[]) =>
    await layOutFiles(dirOf(id), await runnableFiles(files, sources.pathOf), sources.pathOf);
  const read = async (id: string) => {
    const files = sources.filesOf(id);
    if (!files) throw new Error('The deployment is gone.');
    if (!existsSync(dirOf(id))) await place(id, files);
    return await readBuildOutput(dirOf(id), files);
  };
  const of = (id: string) => {
    const output = known.get(id) ?? read(id);
    known.set(id, output);
    output.catch(() => known.delete(id));
    return output;
  };
  return {
    dirOf,
    of,
    layOut: async (id, files) => {
      await place(id, files);
      known.delete(id);
      await of(id);
    },
    remove: async (id) => {
      known.delete(id);
      await rm(dirOf(id), { recursive: true, force: true });
    },
  };
}
