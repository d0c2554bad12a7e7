/**
 * Preloaded into the tool under test (`node --import`): writes down the program and the arguments of every process that it starts, a JSON
 * line each, into the file that `RECORD_CHILDREN` names.
 */
import childProcess from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

const file = process.env['RECORD_CHILDREN'];

function recording(called: Function): Function {
  return function (this: unknown, ...args: unknown[]): unknown {
    if (file !== undefined) appendFileSync(file, `${JSON.stringify([process.argv, ...args.slice(0, 2)])}\n`);
    return Reflect.apply(called, this, args);
  };
}

for (const method of ['spawn', 'spawnSync', 'execFile', 'execFileSync', 'exec', 'execSync', 'fork'] as const) {
  const original = childProcess[method];
  const recorded = recording(original);
  // What `promisify` returns for some is a function of their own: without it stdout and stderr would be lost.
  const promised: unknown = Reflect.get(original, promisify.custom);
  if (typeof promised === 'function') Reflect.set(recorded, promisify.custom, recording(promised));
  Reflect.set(childProcess, method, recorded);
}
syncBuiltinESMExports();
