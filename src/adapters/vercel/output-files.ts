import { createHash, hash as oneHash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync } from 'node:fs';
import { lstat, readFile, readlink, realpath, readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { filePathMapOf, withoutEnvironmentFiles } from './function-config.ts';

/** A file of a deployment, as Vercel wants to hear of it. */
export interface OutputFile {
  /** Path from the project's root, with slashes: `.vercel/output/config.json`. */
  readonly file: string;
  /** Hex sha1 of the content; of the target's text for a symbolic link. */
  readonly sha: string;
  readonly size: number;
  /** File mode with its type bits, as `lstat` has it: that is how Vercel knows a link. */
  readonly mode: number;
  /** Where its content is: in a file, or here; of a symbolic link it is the target. */
  readonly source: { readonly kind: 'path'; readonly path: string } | { readonly kind: 'text'; readonly text: string };
}

/** Above this a file is streamed instead of read at once. */
export const streamAboveBytes = 1024 * 1024;

/** Up to this a file is read without handing it to a thread: for thousands of small files that takes more processor time than the reading. */
export const atOnceBytes = 64 * 1024;

/** Files that are described before whatever else waits gets its turn: an interruption, a drawn step. */
const readers = 32;

const secretNames = [
  /^\.env(\..+)?$/i,
  /\.(pem|key|p12|pfx|jks|keystore)$/i,
  /^id_(rsa|dsa|ecdsa|ed25519)(\.pub)?$/,
  /^\.(npmrc|netrc|pgpass)$/,
];
const secretFolders = new Set(['.git', '.jv-staging', '.ssh', '.aws', '.gnupg']);

/** What of a build output goes up, and what does not. */
export interface OutputListing {
  /** Sorted by path. */
  readonly files: readonly OutputFile[];
  /** Environment files that functions name and that stay here: paths from the project's root, sorted. */
  readonly leftOut: readonly string[];
}

/**
 * Returns the files of a Build Output API v3 folder with their sha1, and those outside it that its functions name in
 * `filePathMap`. Symbolic links go up as links (that is how the vendor's own client does it), if they stay inside
 * the project's root. Secrets (`.env*`, private keys, `.git`, our state) never go up; environment files are taken out of what functions name. Throws `DEPLOY_OUTPUT_MISSING`
 * (`missing`), `DEPLOY_FILE_REFUSED` and `DEPLOY_SECRET_LISTED` (`refused`).
 */
export async function listOutputFiles(outputDir: string, signal: AbortSignal): Promise<OutputListing> {
  const root = resolve(outputDir, '..', '..');
  await checkOutput(outputDir);
  const inside = await walk(outputDir, signal);
  const named = inside.map((path) => ({ path, file: `.vercel/output/${slashed(relative(outputDir, path))}` }));
  const { outside, leftOut } = await referencedFiles(inside, root, outputDir);
  const entries = [...named, ...outside];
  const files: OutputFile[] = [];
  for (let at = 0; at < entries.length; at += readers) {
    await setImmediate();
    signal.throwIfAborted();
    const batch = await Promise.all(entries.slice(at, at + readers).map(({ path, file }) => describeFile(path, file, root)));
    files.push(...batch.filter((file) => file !== undefined));
  }
  return { files: files.toSorted((left, right) => (left.file < right.file ? -1 : 1)), leftOut };
}

async function checkOutput(outputDir: string): Promise<void> {
  const config = await lstat(join(outputDir, 'config.json')).catch(() => undefined);
  if (config?.isFile() === true) return;
  throw new StagingError(
    'missing',
    'DEPLOY_OUTPUT_MISSING',
    `There is no build output in ${printable(outputDir)}: it has no config.json.`,
    {
      fix: 'Build the app first, or set `app.output` to its Build Output API v3 folder (`.vercel/output`).',
    },
  );
}

async function walk(folder: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (isSecretName(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await walk(path, signal)));
    else found.push(path);
  }
  return found;
}

/** Returns the files outside the output that the functions' `filePathMap` names (values: paths from the project's root). */
async function referencedFiles(inside: readonly string[], root: string, outputDir: string) {
  const references = new Map<string, string>();
  const leftOut = new Set<string>();
  for (const config of inside.filter((path) => basename(path) === '.vc-config.json')) {
    const named = filePathMapOf(await readFile(config, 'utf8'));
    for (const value of named.left) leftOut.add(value);
    for (const value of Object.values(named.kept)) {
      const path = resolve(root, value);
      if (!isWithin(root, path)) throw refused(value, `${printable(config)} names it, and it lies outside ${printable(root)}`);
      if (isWithin(outputDir, path)) continue;
      const parts = slashed(relative(root, path)).split('/');
      if (parts.some(isSecretName)) {
        if (parts.includes('node_modules')) continue;
        throw new StagingError(
          'refused',
          'DEPLOY_SECRET_LISTED',
          `${printable(value)} would be uploaded because ${printable(config)} names it, and secrets never are.`,
          {
            fix: `Remove ${printable(value)} from the function's files.`,
          },
        );
      }
      references.set(path, parts.join('/'));
    }
  }
  return { outside: [...references].map(([path, file]) => ({ path, file })), leftOut: [...leftOut].toSorted() };
}

async function describeFile(path: string, file: string, root: string): Promise<OutputFile | undefined> {
  try {
    return await described(path, file, root);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function described(path: string, file: string, root: string): Promise<OutputFile | undefined> {
  const stat = lstatSync(path);
  if (stat.isDirectory()) return undefined;
  if (stat.isSymbolicLink()) {
    const target = await linkTarget(path, root);
    return { file, mode: stat.mode, ...heldHere(target) };
  }
  if (!stat.isFile()) throw refused(path, 'it is neither a file, a folder nor a symbolic link');
  const config = basename(path) === '.vc-config.json' ? withoutEnvironmentFiles(readFileSync(path, 'utf8')) : undefined;
  if (config !== undefined) return { file, mode: stat.mode, ...heldHere(config) };
  const { sha, size } = await sha1Of(path, stat.size);
  return { file, sha, size, mode: stat.mode, source: { kind: 'path', path } };
}

function heldHere(text: string): Pick<OutputFile, 'sha' | 'size' | 'source'> {
  return { sha: oneHash('sha1', text, 'hex'), size: Buffer.byteLength(text), source: { kind: 'text', text } };
}

async function linkTarget(path: string, root: string): Promise<string> {
  const target = await readlink(path);
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw refused(path, `it links to ${printable(target)}, which leads nowhere`);
  if (!isWithin(await realpath(root), real)) throw refused(path, `it links to ${printable(real)}, outside ${printable(root)}`);
  return slashed(isAbsolute(target) ? relative(dirname(path), target) : target);
}

async function sha1Of(path: string, sizeHint: number): Promise<{ sha: string; size: number }> {
  if (sizeHint <= atOnceBytes) {
    const content = readFileSync(path);
    return { sha: oneHash('sha1', content, 'hex'), size: content.length };
  }
  const hash = createHash('sha1');
  let size = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha: hash.digest('hex'), size };
}

function isSecretName(name: string): boolean {
  return secretFolders.has(name) || secretNames.some((pattern) => pattern.test(name));
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

/** Returns the error for what a file system says of a file that was listed a moment before. */
function unreadable(path: string, error: unknown): unknown {
  if (error instanceof StagingError || !(error instanceof Error) || !('code' in error)) return error;
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') return refused(path, `it cannot be read (${String(error.code)})`);
  // Node shows bytes that are no UTF-8 as U+FFFD, and by that name there is no file.
  if (basename(path).includes('\u{FFFD}')) return refused(path, 'its name is not UTF-8');
  return fileChanged(path, 'vanished while it was being read');
}

/** Returns the error for a file that is not any more what was listed. */
export function fileChanged(file: string, what: string): StagingError {
  return new StagingError('red', 'DEPLOY_FILE_CHANGED', `${printable(file)} ${what}.`, {
    fix: 'Make sure that no build is running, then run the same command again.',
  });
}

function refused(path: string, reason: string): StagingError {
  return new StagingError('refused', 'DEPLOY_FILE_REFUSED', `${printable(path)} cannot be uploaded: ${reason}.`, {
    fix: 'Remove it from the build output.',
  });
}
