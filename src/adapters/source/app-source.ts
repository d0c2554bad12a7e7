import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildProgramFix } from '../../core/build/program.ts';
import { StagingError } from '../../core/errors.ts';
import type { AppSource, SourcePlace, SourceState } from '../../core/ports/source.ts';
import { plainLine, printable } from '../../core/printable.ts';
import { checkBuildOutput, hashFolder } from './build-output.ts';
import { readEnvironmentFiles } from './environment-files.ts';
import { readGitState } from './git-state.ts';

/** Where the app is, and what its programs may see. */
export interface AppSourceOptions extends SourcePlace {
  /** The whole environment of git and of the build: no secret of ours. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Last lines of a failed build that its error quotes. */
const quotedLines = 10;

/** How long a build may take to end by itself when it is interrupted. */
const killAfterMs = 3_000;

/** Returns the port over git and a child process, for the tree as it lies there. */
export function appSource(options: AppSourceOptions): AppSource {
  const { dir, output, migrations, environment } = options;
  return {
    place: async () => ({ dir, output, migrations }),
    state: (signal) => sourceState(options, signal),
    environmentFiles: () => readEnvironmentFiles(dir),
    build: async ({ command, variables }, onLine, signal) => {
      await runBuild({ command, dir, environment: { ...variables, ...environment } }, onLine, signal);
      await checkBuildOutput(output);
    },
    outputHash: async () => {
      await checkBuildOutput(output);
      return hashFolder(output);
    },
    close: async () => undefined,
  };
}

async function sourceState(options: AppSourceOptions, signal: AbortSignal): Promise<SourceState> {
  const git = await readGitState(options.dir, options.environment, signal);
  if (git !== undefined) return git;
  await checkBuildOutput(options.output);
  return { sha: await hashFolder(options.output), dirty: true, branch: null };
}

interface Build {
  readonly command: readonly string[];
  readonly dir: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function runBuild(build: Build, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
  const [program, ...words] = build.command;
  if (program === undefined)
    throw new StagingError('usage', 'BUILD_COMMAND_EMPTY', 'The build command has no words.', {
      fix: 'Set `app.build` to the words of a command, or leave it out.',
    });
  signal.throwIfAborted();
  // In a group of its own, so that what the build started ends with it.
  const child = execa(program, words, {
    cwd: build.dir,
    env: build.environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    detached: true,
    // As npm's scripts find them: those of the app's own packages first.
    preferLocal: true,
    localDir: build.dir,
  });
  const stop = () => endGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  const last: string[] = [];
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      if (line.trim() === '') continue;
      last.push(plainLine(line));
      if (last.length > quotedLines) last.shift();
      onLine(plainLine(line));
    }
    const result = await child;
    signal.throwIfAborted();
    if (result.code === 'ENOENT' && existsSync(build.dir)) throw programMissing(build, program, result.cause);
    if (result.exitCode !== 0) throw buildFailed(build.command, result.exitCode ?? result.signal ?? result.code, last, result.cause);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs).unref();
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended by itself.
  }
}

function programMissing({ command, dir }: Build, program: string, cause: unknown): StagingError {
  const message = `The build \`${printable(command.join(' '))}\` cannot start: there is no program ${printable(program)} in ${printable(join(dir, 'node_modules/.bin'))}, above it, or on PATH.`;
  return new StagingError('missing', 'BUILD_PROGRAM_NOT_FOUND', message, { fix: buildProgramFix(program), cause });
}

function buildFailed(
  command: readonly string[],
  ended: number | string | undefined,
  lines: readonly string[],
  cause: unknown,
): StagingError {
  const how = typeof ended === 'number' ? `exit code ${ended}` : (ended ?? 'no exit code');
  const said = lines.length === 0 ? '' : `\n${lines.join('\n')}`;
  return new StagingError('red', 'DEPLOY_BUILD_FAILED', `The build \`${printable(command.join(' '))}\` failed (${how}).${said}`, {
    fix: 'Correct the app so that the build command ends with 0 in its own folder.',
    cause,
    data: { command, ended: ended ?? null, lines },
  });
}
