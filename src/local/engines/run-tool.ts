import { spawn } from 'node:child_process';
import type { Account } from '../service.ts';

/** How a short-lived program ended. `code` is undefined when it could not be started or was ended by a signal. */
export interface ToolResult {
  readonly code: number | undefined;
  /** Its stdout and stderr together. */
  readonly output: string;
}

/** Runs a short-lived program (initdb, a version question) and returns how it ended; never throws. */
export function runTool(command: string, args: readonly string[], account: Account | undefined, cwd = '/'): Promise<ToolResult> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      cwd,
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.stderr.on('data', (part: Buffer) => (output += part.toString()));
    child.once('error', (error) => resolve({ code: undefined, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? undefined, output }));
  });
}
