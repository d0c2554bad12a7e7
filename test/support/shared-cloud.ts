import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { StagingProject } from './staging-project.ts';

const root = resolve(import.meta.dirname, '../..');

/** Makes the folder of an environment of this name on the local cloud of `cloud`, once; returns it. */
export async function environmentFolder(cloud: StagingProject, name: string): Promise<string> {
  const dir = join(cloud.dir, name);
  if (await readdir(dir).catch(() => undefined)) return dir;
  await mkdir(join(dir, '.jv-staging'), { recursive: true });
  await symlink(join(cloud.stateDir, 'local'), join(dir, '.jv-staging/local'));
  await cp(join(cloud.dir, 'supabase'), join(dir, 'supabase'), { recursive: true });
  await writeFile(
    join(dir, 'staging.config.ts'),
    `import { defineConfig } from 'jv-staging';
import sample from '../sample.config.ts';
export default defineConfig({ ...sample, name: '${name}', domain: '${name}.test', upstash: { ...sample.upstash, prefix: '${name}:' } });
`,
  );
  return dir;
}

/** Runs the built tool in an environment's own folder, on the one local cloud. */
export async function runInEnvironment(
  cloud: StagingProject,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  return await execa(process.execPath, [join(root, 'bin/run.js'), ...args, '--target', 'local'], {
    cwd: await environmentFolder(cloud, name),
    reject: false,
    stdin: 'ignore',
    env: { NO_COLOR: '1', ...env },
    timeout: 120_000,
  });
}
