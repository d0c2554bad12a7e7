import { basename, dirname } from 'node:path';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { findProgram } from '../system/toolbox.ts';

/** Oldest k6 whose flags and output this adapter knows: the first stable release. */
const oldestMajor = 1;

const install = 'Run `jv-staging doctor --install k6`, or pass `--engine embedded`.';

/**
 * Returns the path of k6: the one named, else the first `k6` in the folders, which are PATH's and our own. Throws
 * `K6_NOT_FOUND` (kind `missing`).
 */
export function findK6(explicitPath: string | undefined, folders: readonly string[]): string {
  const found = explicitPath === undefined ? findProgram(['k6'], folders) : findProgram([basename(explicitPath)], [dirname(explicitPath)]);
  if (found !== undefined) return found;
  const where = explicitPath === undefined ? 'k6 is not on PATH' : `${explicitPath} is not a program that can be run`;
  throw new StagingError('missing', 'K6_NOT_FOUND', `${where}.`, { fix: install });
}

/** Returns the version of a k6, `1.8.1`. Throws `K6_NOT_FOUND` when it is none, `K6_TOO_OLD` below 1.0.0 (both kind `missing`). */
export async function k6Version(path: string, signal: AbortSignal): Promise<string> {
  const asked = await execa(path, ['version'], {
    reject: false,
    timeout: 15_000,
    cancelSignal: signal,
    env: { PATH: '/usr/bin:/bin' },
    extendEnv: false,
    stdin: 'ignore',
  });
  signal.throwIfAborted();
  const version = /\bk6 v(\d+\.\d+\.\d+)/.exec(asked.stdout)?.[1];
  if (version === undefined) {
    throw new StagingError('missing', 'K6_NOT_FOUND', `${path} is no k6: it does not tell its version.`, { fix: install });
  }
  if (Number(version.split('.')[0]) < oldestMajor) {
    throw new StagingError('missing', 'K6_TOO_OLD', `${path} is k6 ${version}, and ${oldestMajor}.0.0 or newer is expected.`, {
      fix: install,
    });
  }
  return version;
}
