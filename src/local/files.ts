import { join } from 'node:path';

/** Returns the file that says where a running local cloud answers. */
export function endpointsFile(stateDir: string): string {
  return join(stateDir, 'endpoints.json');
}

/** Returns the file that only one daemon at a time owns. */
export function lockFile(stateDir: string): string {
  return join(stateDir, 'daemon.lock');
}

/** Returns the file in which a daemon that could not start says why. */
export function failureFile(stateDir: string): string {
  return join(stateDir, 'start-failure.json');
}

/** Returns the daemon's log. */
export function logFile(stateDir: string): string {
  return join(stateDir, 'cloud.log');
}
