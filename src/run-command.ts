import { Config, flush, handle, settings } from '@oclif/core';

/**
 * Runs a command of the manifest by its id under oclif. Returns undefined when it came to its end (its exit code is the
 * process's); for an error oclif prints it and ends the process.
 */
export async function runCommand(id: string, argv: readonly string[], root: string): Promise<undefined> {
  // Commands are built files: oclif must not look for TypeScript sources beside them, whatever NODE_ENV says.
  settings.enableAutoTranspile = false;
  try {
    const config = await Config.load({ root, devPlugins: false, userPlugins: false });
    await config.runCommand(id, [...argv]);
    await flush();
  } catch (error) {
    await handle(error instanceof Error ? error : new Error(String(error)));
  }
}
