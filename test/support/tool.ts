import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectAnswer } from './answer-schemas.ts';
import { type Ended, runProcess } from './run-process.ts';

const bin = join(import.meta.dirname, '../../bin/run.js');

/** Where and with what a test runs the built tool. */
export interface ToolPlace {
  readonly cwd: string;
  /** Set beside this process's own variables, without its `JV_…`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sees all of stdout so far as it comes, with what signals the tool. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built tool to its end; what it prints with `--json` must be as its schema says. */
export async function runTool(args: readonly string[], { cwd, env, onOutput }: ToolPlace): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('JV_'));
  const ended = await runProcess(process.execPath, [bin, ...args], {
    cwd,
    env: { ...Object.fromEntries(own), NO_COLOR: '1', ...env },
    ...(onOutput === undefined ? {} : { onOutput }),
  });
  expectAnswer(args, ended.stdout);
  return ended;
}

/** Calls `use` with an empty folder of its own, and removes the folder. */
export async function inEmptyFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'jv-empty-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns a text of the tool on one line, so that a test does not depend on where it was wrapped. */
export function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
