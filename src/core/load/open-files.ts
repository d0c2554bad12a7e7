import { StagingError } from '../errors.ts';
import type { LoadMeasurement } from './load.ts';

/** Class of a request that could not be sent because the generator itself may open no more files. */
export const noFiles = 'no-files';

/** What an engine has open beside its connections: libraries, pipes, its own clients (Node and k6 were seen at 25 to 40). */
const besideConnections = 64;

/**
 * Throws `LOAD_TOO_FEW_FILES` (kind `missing`) when the virtual users would need more connections than this process may open files: what
 * would fail then is the generator, and it would look like the target. An unknown limit is no reason.
 */
export function refuseTooFewFiles(limit: number | undefined, vus: number): void {
  const needed = vus + besideConnections;
  if (limit === undefined || limit >= needed) return;
  const message = `${vus} virtual users need about ${needed} open files, and this process may open ${limit}. No load was sent.`;
  throw new StagingError('missing', 'LOAD_TOO_FEW_FILES', message, {
    fix: `Run \`ulimit -n ${needed}\` first, or pass \`--vus ${Math.max(1, limit - besideConnections)}\`.`,
  });
}

/** Returns whether requests failed because the generator had no files left. */
export function hasNoFiles({ all }: LoadMeasurement): boolean {
  return (all.errorsByClass[noFiles] ?? 0) > 0;
}
