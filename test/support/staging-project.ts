import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { expectAnswer } from './answer-schemas.ts';
import { removeCloud } from './local-cloud.ts';

const root = resolve(import.meta.dirname, '../..');

/** What `--json` prints. */
export interface Envelope<Data> {
  readonly ok: boolean;
  readonly command: string;
  /** Throws when there is none or it is not as the schema says. */
  readonly data: Data;
  readonly error: { readonly code: string; readonly message: string; readonly fix: string | null } | undefined;
}

/** What a run of the tool came to. */
export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Returns the envelope of `--json`, its data by this schema. */
  json<Data>(data: z.ZodType<Data>): Envelope<Data>;
}

/** A run of the tool that is under way. */
export interface RunningCli {
  readonly pid: number;
  /** Resolves once stderr holds a line that matches; rejects when the run ends without one. */
  said(line: RegExp): Promise<void>;
  /** Sends a signal to the tool alone, as `kill` does. */
  signal(name: 'SIGINT' | 'SIGKILL' | 'SIGTERM'): void;
  /** Resolves when it has ended, whatever its exit code. */
  readonly done: Promise<CliRun>;
}

/** A copy of the sample project in a temporary folder and git repository of its own, with a local cloud of its own. */
export interface StagingProject {
  readonly dir: string;
  readonly stateDir: string;
  /** Runs the built tool in the project's folder on the local cloud; rejects for what its schema does not have, never for its exit code. */
  run(
    args: readonly string[],
    options?: { readonly signal?: AbortSignal; readonly env?: Readonly<Record<string, string>>; readonly input?: string },
  ): Promise<CliRun>;
  /** Returns the texts of all reports and journals that were written. */
  stateTexts(): Promise<readonly string[]>;
  /** Starts the built tool in the same way and returns it while it runs. */
  start(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>> }): RunningCli;
  /** Makes a commit that changes the home page; returns its id. */
  commit(marker: string): Promise<string>;
  remove(): Promise<void>;
}

/** Shorter measurements than the sample configuration's: one Lighthouse run, ten requests, six seconds of load. */
const shortConfig = `import { defineConfig } from 'jv-staging';
import sample from './sample.config.ts';
export default defineConfig({
  ...sample,
  perf: { ...sample.perf, runs: 1, requests: 10 },
  production: { ...sample.production, budgets: { ...sample.production.budgets, virtualUsers: 20 } },
  load: { ...sample.load, profiles: { brief: [{ durationMs: 2000, vus: 10 }, { durationMs: 3000, vus: 10 }, { durationMs: 1000, vus: 0 }] }, profile: 'brief' },
});
`;

const envelope = z.object({
  ok: z.boolean(),
  command: z.string(),
  data: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), fix: z.string().nullable() }).optional(),
});

function readEnvelope<Data>(stdout: string, schema: z.ZodType<Data>): Envelope<Data> {
  const { ok, command, data, error } = envelope.parse(JSON.parse(stdout));
  return { ok, command, error, data: schema.parse(data) };
}

/** Creates the project; nothing runs yet. */
export async function createStagingProject(): Promise<StagingProject> {
  const dir = await mkdtemp(join(tmpdir(), 'jv-project-'));
  await cp(join(root, 'fixtures/app'), join(dir, 'app'), { recursive: true, filter: (path) => !path.includes('/.vercel') });
  await cp(join(root, 'fixtures/seed'), join(dir, 'seed'), { recursive: true });
  await cp(join(root, 'supabase'), join(dir, 'supabase'), { recursive: true });
  const sample = await readFile(join(root, 'fixtures/staging.config.ts'), 'utf8');
  await writeFile(join(dir, 'sample.config.ts'), sample.replaceAll("'../supabase/", "'supabase/"));
  await writeFile(join(dir, 'staging.config.ts'), shortConfig);
  await writeFile(join(dir, '.gitignore'), 'node_modules\n.vercel\n.jv-staging\n.env*\n');
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  const git = gitOf({ dir });
  await git('init', '--quiet', '--initial-branch=develop');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=A');
  const stateDir = join(dir, '.jv-staging');
  const command = (args: readonly string[]) => [join(root, 'bin/run.js'), ...args, '--target', 'local'];
  const settings = { cwd: dir, reject: false, stdin: 'ignore', forceKillAfterDelay: 30_000 } as const;
  return {
    dir,
    stateDir,
    run: async (args, { signal, env, input } = {}) => {
      const run = cliRun(
        await execa(process.execPath, command(args), {
          ...settings,
          env: { NO_COLOR: '1', JV_YES: 'true', ...env },
          ...(signal === undefined ? {} : { cancelSignal: signal }),
          ...(input === undefined ? {} : { stdin: 'pipe' as const, input }),
        }),
      );
      expectAnswer(args, run.stdout);
      return run;
    },
    start: (args, { env } = {}) =>
      runningCli(execa(process.execPath, command(args), { ...settings, env: { NO_COLOR: '1', JV_YES: 'true', ...env } })),
    stateTexts: async () => {
      const entries = await readdir(stateDir, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && /[/](?:reports|journal)(?:[/]|$)/.test(entry.parentPath));
      return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
    },
    commit: async (marker) => {
      await writeFile(join(dir, 'app/public/release.txt'), `${marker}\n`);
      await git('add', '--all');
      await git('commit', '--quiet', `--message=${marker}`);
      return (await git('rev-parse', 'HEAD')).stdout.trim();
    },
    remove: async () => {
      await removeCloud(join(stateDir, 'local')).catch(() => undefined);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function cliRun(done: { readonly exitCode?: number | undefined; readonly stdout: string; readonly stderr: string }): CliRun {
  return { exitCode: done.exitCode ?? -1, stdout: done.stdout, stderr: done.stderr, json: (schema) => readEnvelope(done.stdout, schema) };
}

interface ToolProcess extends Promise<{ readonly exitCode?: number | undefined; readonly stdout: string; readonly stderr: string }> {
  readonly pid?: number | undefined;
  readonly stderr: NodeJS.ReadableStream;
  kill(signal: NodeJS.Signals): boolean;
}

function runningCli(child: ToolProcess): RunningCli {
  let text = '';
  const waiting = new Set<() => void>();
  child.stderr.on('data', (chunk) => {
    text += String(chunk);
    for (const look of waiting) look();
  });
  const done = child.then(cliRun);
  return {
    pid: child.pid ?? -1,
    signal: (name) => void child.kill(name),
    done,
    said: (line) =>
      new Promise((heard, reject) => {
        const look = () => {
          if (!line.test(text)) return;
          waiting.delete(look);
          heard();
        };
        waiting.add(look);
        look();
        void done.then((run) =>
          reject(new Error(`The run ended with ${run.exitCode} and never said ${line}.\n${run.stderr}\n${run.stdout}`)),
        );
      }),
  };
}

/** Returns git in the project's folder, by a user of its own. */
export function gitOf(project: Pick<StagingProject, 'dir'>) {
  return (...args: string[]) => execa('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.test', ...args], { cwd: project.dir });
}

/** Gives the project a remote `origin` beside it, with all of its files on `develop`; `ignored` are files that no commit takes. */
export async function pushToOrigin(project: Pick<StagingProject, 'dir'>, ignored: readonly string[] = []): Promise<void> {
  const git = gitOf(project);
  const lines = ['node_modules', '.vercel', '.jv-staging', '.env*', ...ignored, 'origin.git'];
  await writeFile(join(project.dir, '.gitignore'), lines.map((line) => `${line}\n`).join(''));
  await git('init', '--quiet', '--bare', 'origin.git');
  await git('remote', 'add', 'origin', join(project.dir, 'origin.git'));
  await git('add', '--all');
  await git('commit', '--quiet', '--message=develop');
  await git('push', '--quiet', 'origin', 'develop');
}
