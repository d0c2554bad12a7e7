import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Builds dist/ when the sources are newer: tests of the command line run what is built. */
export default function setup(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '../../bin/setup.js')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`dist/ could not be built:\n${stderr}`);
}
