import { access, constants } from 'node:fs/promises';
import { StagingError } from '../../core/errors.ts';

/** Where Debian, Ubuntu and Google's own packages put the browser; chrome-launcher's finder wants `which` and desktop files. */
const knownPaths = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/snap/bin/chromium',
];

/**
 * Returns the path of a Chrome or Chromium: the one named, else what chrome-launcher finds, else a usual place. Throws
 * `CHROME_NOT_FOUND` (kind `missing`).
 */
export async function findChrome(explicitPath?: string): Promise<string> {
  if (explicitPath !== undefined) {
    if (await isExecutable(explicitPath)) return explicitPath;
    throw chromeNotFound(`${explicitPath} is not a program that can be run`);
  }
  for (const path of [...(await launcherPaths()), ...knownPaths]) if (await isExecutable(path)) return path;
  throw chromeNotFound('No Chrome or Chromium is installed');
}

function chromeNotFound(reason: string): StagingError {
  return new StagingError('missing', 'CHROME_NOT_FOUND', `${reason}.`, {
    fix: 'Run `apt-get install -y chromium`, or set CHROME_PATH to a Chrome or Chromium.',
  });
}

async function launcherPaths(): Promise<readonly string[]> {
  const { Launcher } = await import('chrome-launcher');
  try {
    return Launcher.getInstallations();
  } catch {
    // The finder throws when it finds nothing, and on platforms that it does not know.
    return [];
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
