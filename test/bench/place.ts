import { join, resolve } from 'node:path';
import type { Measured } from './figure.ts';
import { type CommandLine, expecting } from './measure.ts';

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../..');

/** The executable of the tool. */
export const executable = join(root, 'bin/run.js');

/** What start-up figures are compared with: a Node that does nothing. */
export const bareNode: CommandLine = { program: process.execPath, args: ['-e', '0'], check: expecting(0) };

/** Returns the tool's command line. */
export function tool(args: readonly string[], options: Omit<CommandLine, 'program' | 'args'>): CommandLine {
  return { ...options, program: process.execPath, args: [executable, ...args] };
}

/** A concern of the bench: what it is called on the command line, and how it is measured. */
export interface BenchCase {
  readonly name: string;
  /** True for what is measured only when asked for, because it takes many minutes. */
  readonly onlyOnRequest?: boolean | undefined;
  readonly run: (say: (line: string) => void) => Promise<readonly Measured[]>;
}
