/**
 * Preloaded into the tool under test (`node --import`): writes down the program and the arguments of every process that it starts, a JSON
 * line each, into the file that `RECORD_CHILDREN` names.
 */
import childProcess, { type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env['RECORD_CHILDREN'];

function record(method: 'spawn' | 'spawnSync' | 'execFile' | 'execFileSync' | 'exec' | 'execSync' | 'fork'): void {
  const original: unknown = Reflect.get(childProcess, method);
  if (typeof original !== 'function') return;
  const recorded = function (this: unknown, ...args: unknown[]): ChildProcess | string | Buffer {
    if (file !== undefined) appendFileSync(file, `${JSON.stringify([process.argv, ...args.slice(0, 2)])}\n`);
    return Reflect.apply(original, this, args);
  };
  Reflect.set(childProcess, method, recorded);
}

for (const method of ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'exec', 'execSync', 'fork'] as const) record(method);
syncBuiltinESMExports();
