import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';
import { findComponent } from './requires.ts';
import type { Ended } from './run-process.ts';
import { runProcess } from './run-process.ts';
import type { Files } from './vercel-client.ts';

/** The unchanged `vercel` command line, in a folder and with settings of its own, pointed at a local cloud. */
export interface VercelCli {
  /** The folder that it runs in. */
  readonly dir: string;
  /** Its home folder. */
  readonly home: string;
  /** Runs a command to its end, with closed stdin. */
  run(...args: readonly string[]): Promise<Ended>;
  /** Runs a command that must end well; returns its stdout, trimmed. */
  ok(...args: readonly string[]): Promise<string>;
  /** Writes an app's build output into its folder, in place of the one that was there. */
  write(files: Files): Promise<void>;
  remove(): Promise<void>;
}

/** Returns the `vercel` command line for a local cloud; it runs in `app` where that is given. */
export async function vercelCli(endpoints: Pick<LocalEndpoints, 'vercel'>, app?: string): Promise<VercelCli> {
  const home = await mkdtemp(join(tmpdir(), 'jv-vercel-cli-'));
  const dir = app ?? join(home, 'app');
  await mkdir(dir, { recursive: true });
  const { apiUrl, token } = endpoints.vercel;
  const program = findComponent('vercel-cli') ?? 'vercel';
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    CI: '1',
    VERCEL_TOKEN: token,
    VERCEL_TELEMETRY_DISABLED: '1',
    NEXT_TELEMETRY_DISABLED: '1',
    NO_UPDATE_NOTIFIER: '1',
    NO_COLOR: '1',
    // A third less work for each of its many starts.
    NODE_COMPILE_CACHE: join(home, 'compiled'),
  };
  const run = (...args: readonly string[]) =>
    runProcess(program, [...args, '--api', apiUrl, '--global-config', join(home, 'settings')], { cwd: dir, env });
  return {
    dir,
    home,
    run,
    ok: async (...args) => {
      const ended = await run(...args);
      if (ended.code === 0) return ended.stdout.trim();
      throw new Error(`vercel ${args.join(' ')} ended with ${ended.code}:\n${ended.stdout}${ended.stderr}`);
    },
    write: async (files) => {
      await rm(join(dir, '.vercel/output'), { recursive: true, force: true });
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        // In an app of a test, a function that is no folder is a link to another.
        if (path.endsWith('.func')) await symlink(content, join(dir, path));
        else await writeFile(join(dir, path), content);
      }
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
