import { execa } from 'execa';

/** How a program is asked. */
export interface Question {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** All that it sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/**
 * Returns what a program wrote on stdout when it ended well, else why there is no answer: it is not installed, or what it said itself.
 * Nobody is asked for anything on the way.
 */
export async function askProgram(
  { program, args, cwd, environment, timeoutMs }: Question,
  signal: AbortSignal,
): Promise<{ readonly answer: string } | { readonly reason: string }> {
  const asked = await execa(program, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: environment,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (asked.exitCode === 0) return { answer: asked.stdout };
  if (asked.code === 'ENOENT') return { reason: `${program} is not installed` };
  return { reason: asked.stderr || (asked.shortMessage ?? `${program} ended without a code`) };
}
