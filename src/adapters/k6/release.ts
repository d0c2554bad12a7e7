import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { StagingError } from '../../core/errors.ts';
import { lastLine } from '../../core/printable.ts';
import { k6Version } from './find-k6.ts';

/** Which release is downloaded, and where to. */
export interface K6Release {
  readonly version: string;
  /** Folder that `k6` is put into; created when missing. */
  readonly folder: string;
  /** Where the releases lie; default: k6's own on GitHub. */
  readonly releasesUrl?: string | undefined;
  /** Default: this machine's. */
  readonly machine?: { readonly platform: string; readonly arch: string } | undefined;
}

/**
 * Each release has the archives and a file of their SHA-256 sums beside them: `k6-v1.4.2-checksums.txt`, read from install
 * scripts that use it, 2026-11-22. The sums are read from there, since those of the pinned release were found nowhere else.
 */
const k6Releases = 'https://github.com/grafana/k6/releases/download';

const downloadTimeoutMs = 10 * 60_000;
/** k6's archives are a few tens of megabytes; what is longer is not one. */
const maxArchiveBytes = 256 * 1024 * 1024;
const maxSumsBytes = 64 * 1024;
/** Node's names of what k6 publishes as `linux-<arch>.tar.gz`. */
const linuxArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Returns whether k6 publishes an archive for this machine that can be unpacked here. */
export function hasK6Release(machine: K6Release['machine'] = process): boolean {
  return machine.platform === 'linux' && linuxArchitectures[machine.arch] !== undefined;
}

/**
 * Downloads the release's archive, compares its SHA-256 with the release's own list, and puts `k6` into the folder; returns its
 * path. Nothing is unpacked before the sum was compared, and nothing stays behind after a failure. Throws `K6_INSTALL_FAILED`
 * (kind `vendor`).
 */
export async function downloadK6(release: K6Release, note: (text: string) => void, signal: AbortSignal): Promise<string> {
  const machine = release.machine ?? process;
  const name = `k6-v${release.version}-linux-${linuxArchitectures[machine.arch] ?? machine.arch}`;
  const at = `${release.releasesUrl ?? k6Releases}/v${release.version}`;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(downloadTimeoutMs)]);
  await mkdir(release.folder, { recursive: true });
  const work = await mkdtemp(join(release.folder, '.k6-'));
  try {
    note(`${at}/${name}.tar.gz`);
    const wanted = sumOf(await sumsText(`${at}/k6-v${release.version}-checksums.txt`, bounded), `${name}.tar.gz`);
    const archive = join(work, 'k6.tar.gz');
    const seen = await downloadTo(archive, `${at}/${name}.tar.gz`, bounded);
    if (seen !== wanted) throw failed(`${name}.tar.gz has the SHA-256 ${seen}, and the release’s list says ${wanted}`);
    return await unpacked(archive, `${name}/k6`, work, release, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof StagingError ? error : failed(bounded.aborted ? 'the download took more than 10 minutes' : reasonOf(error));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpacked(archive: string, member: string, work: string, release: K6Release, signal: AbortSignal): Promise<string> {
  const untarred = await execa('tar', ['-xzf', archive, '-C', work, member], { reject: false, stdin: 'ignore', cancelSignal: signal });
  if (untarred.failed) throw failed(`the archive cannot be unpacked: ${lastLine(untarred.stderr)}`);
  const program = join(work, member);
  await chmod(program, 0o755);
  const version = await k6Version(program, signal);
  if (version !== release.version) throw failed(`what was unpacked says that it is k6 ${version}, not ${release.version}`);
  const place = join(release.folder, 'k6');
  await rename(program, place);
  return place;
}

async function sumsText(url: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  await pipeline(await bodyOf(url, signal), atMost(maxSumsBytes), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString('utf8');
}

/** Returns the sum of a file from lines of `<64 hex digits>  <name>`, as `sha256sum` writes them. */
function sumOf(text: string, file: string): string {
  for (const line of text.split('\n')) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](\S+)\s*$/i.exec(line) ?? [];
    if (sum !== undefined && name === file) return sum.toLowerCase();
  }
  throw failed(`the release’s list of checksums does not name ${file}`);
}

async function downloadTo(path: string, url: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(await bodyOf(url, signal), atMost(maxArchiveBytes), hashing, createWriteStream(path, { mode: 0o600 }));
  return hash.digest('hex');
}

async function bodyOf(url: string, signal: AbortSignal): Promise<Readable> {
  const response = await fetch(url, { signal });
  const { protocol } = new URL(response.url);
  if (protocol !== new URL(url).protocol) throw failed(`${url} leads away from https`);
  if (!response.ok || response.body === null) throw failed(`${url} answers ${response.status}`);
  return Readable.fromWeb(response.body);
}

function atMost(maxBytes: number): Transform {
  let sizeBytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) done(failed(`the answer is longer than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}

/** `fetch` says "fetch failed" and keeps why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause instanceof Error ? cause.message : String(error)).replace(/\.$/, '');
}

function failed(reason: string): StagingError {
  return new StagingError('vendor', 'K6_INSTALL_FAILED', `k6 was not installed: ${reason}.`, {
    fix: 'Run `jv-staging doctor --install k6` again, or put k6 on PATH; without it `load` uses the embedded engine.',
  });
}
