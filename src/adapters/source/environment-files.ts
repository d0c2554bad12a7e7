import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import type { EnvironmentFile, EnvironmentFiles } from '../../core/build/variables.ts';

/**
 * Files that a production build reads by itself, those that win first. Next.js 16.4.6 (`@next/env`) and Vite read the same ones;
 * `vercel build --prod` 64.0.2 reads the last, which `vercel pull` leaves, of whatever project is linked.
 */
const localNames = ['.env.production.local', '.env.local'];
const sharedNames = ['.env.production', '.env'];
const pulled = /^\.env\..+\.local$/;

/** Reads the environment files beside an app. */
export async function readEnvironmentFiles(dir: string): Promise<EnvironmentFiles> {
  const inVercel = (await readdir(join(dir, '.vercel')).catch(() => []))
    .filter((name) => pulled.test(name))
    .map((name) => `.vercel/${name}`);
  const [local, shared] = await Promise.all([readAll(dir, [...inVercel, ...localNames]), readAll(dir, sharedNames)]);
  return { local, shared };
}

async function readAll(dir: string, names: readonly string[]): Promise<readonly EnvironmentFile[]> {
  const read = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(dir, name), 'utf8').catch(() => undefined);
      return text === undefined ? [] : [{ name, values: parse(text) }];
    }),
  );
  return read.flat();
}
