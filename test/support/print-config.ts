import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { StagingError } from '../../src/core/errors.ts';

/** Prints what loading the configuration named on the command line comes to: Node itself must import it, not a test runner. */
try {
  const loaded = await loadConfig(process.argv[2] ?? '', pathToFileURL(resolve(import.meta.dirname, '../../src/index.ts')).href, undefined);
  process.stdout.write(JSON.stringify({ settings: loaded.settings }));
} catch (error) {
  if (!(error instanceof StagingError)) throw error;
  process.stdout.write(JSON.stringify({ error: { code: error.code, exitCode: error.exitCode, message: error.message, fix: error.fix } }));
}
