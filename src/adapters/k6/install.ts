import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { lastLine } from '../../core/printable.ts';
import { findProgram } from '../system/toolbox.ts';
import { k6Version } from './find-k6.ts';
import { downloadK6, hasK6Release, type K6Release } from './release.ts';

/** The k6 that is installed: the version that this adapter was written and tested against. */
export const k6Release = '1.8.1';

/** Bound on the installation: downloading and compiling from an empty cache takes minutes on two cores. */
const installTimeoutMs = 15 * 60_000;

/** What the installation needs. */
export interface K6Installation {
  /** Folder that `k6` is put into; created when missing. */
  readonly folder: string;
  /** Folders that `go` is looked for in. */
  readonly path: readonly string[];
  /** Folders beside PATH that may hold `go`; default: where Go's own installer and Debian put it. */
  readonly goFolders?: readonly string[] | undefined;
  /** What the Go tool may see of our environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the release comes from when there is no Go, and for which machine; default: k6's own, this machine. */
  readonly release?: Pick<K6Release, 'releasesUrl' | 'machine'> | undefined;
}

/**
 * Installs k6 and returns one line that says where: with `go install` where Go is (it checks the module against its checksum
 * database), else the release's archive, checked against the release's own list. Throws `GO_NOT_FOUND` (kind `missing`) where
 * neither is possible, `K6_INSTALL_FAILED` (kind `vendor`).
 */
export async function installK6(installation: K6Installation, note: (text: string) => void, signal: AbortSignal): Promise<string> {
  const { folder, path, environment } = installation;
  const program = join(folder, 'k6');
  const present = findProgram(['k6'], [folder]);
  if (present !== undefined && (await k6Version(present, signal)) === k6Release) return `k6 ${k6Release} is at ${program} already`;
  const go = findProgram(['go'], [...path, ...(installation.goFolders ?? ['/usr/local/go/bin', '/usr/lib/go/bin'])]);
  if (go === undefined) {
    if (!hasK6Release(installation.release?.machine)) throw goNotFound(folder);
    return `k6 ${k6Release} at ${await downloadK6({ ...installation.release, version: k6Release, folder }, note, signal)}`;
  }
  await mkdir(folder, { recursive: true });
  note(`go install go.k6.io/k6@v${k6Release} (the first time takes some minutes)`);
  const installed = await execa(go, ['install', `go.k6.io/k6@v${k6Release}`], {
    reject: false,
    timeout: installTimeoutMs,
    cancelSignal: signal,
    env: { ...environment, GOBIN: folder },
    extendEnv: false,
    stdin: 'ignore',
  });
  signal.throwIfAborted();
  if (installed.failed) {
    throw new StagingError('vendor', 'K6_INSTALL_FAILED', `go install did not install k6 ${k6Release}: ${lastLine(installed.stderr)}.`, {
      fix: `Run \`GOBIN=${folder} go install go.k6.io/k6@v${k6Release}\` to see more.`,
      cause: installed,
    });
  }
  return `k6 ${await k6Version(program, signal)} at ${program}`;
}

function goNotFound(folder: string): StagingError {
  return new StagingError(
    'missing',
    'GO_NOT_FOUND',
    `Go is not on PATH, and it is what installs k6 ${k6Release} on this kind of machine.`,
    {
      fix: `Install Go, or put the k6 of https://github.com/grafana/k6/releases/tag/v${k6Release} into ${folder}; without k6 \`load\` uses the embedded engine.`,
    },
  );
}
