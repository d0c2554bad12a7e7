import type { ChildProcessByStdio } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { LayoutFile } from '../runtime/layout.ts';
import type { AddContent } from './collect-files.ts';

const run = promisify(execFile);

/** A commit of a repository on this machine. */
export interface Commit {
  readonly sha: string;
  readonly message: string;
  readonly authorName: string;
  readonly authorEmail: string;
}

/** A repository may belong to another account; its own configuration and filters are not run by what we ask. */
const always = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];

const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
};

/** Returns the commit that a branch, tag or sha names, or undefined where there is none. */
export async function findCommit(repository: string, ref: string): Promise<Commit | undefined> {
  const names = /^[0-9a-f]{40}$/.test(ref) ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/remotes/origin/${ref}`];
  for (const name of names) {
    const shown = await git(repository, ['log', '-1', '--format=%H%x00%an%x00%ae%x00%B', '--end-of-options', name]).catch(() => undefined);
    if (shown === undefined) continue;
    const [sha = '', authorName = '', authorEmail = '', message = ''] = shown.split('\0');
    return { sha, authorName, authorEmail, message: message.trim() };
  }
  return undefined;
}

/** Returns the files of a commit, their content added. Submodules are left out, as they are where the vendor cannot read them. */
export async function commitFiles(repository: string, sha: string, add: AddContent): Promise<readonly LayoutFile[]> {
  const listed = await git(repository, ['ls-tree', '-r', '-z', '--full-tree', sha]);
  const entries = listed.split('\0').flatMap((entry) => {
    const [, mode, object, file] = /^(\d+) blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
    return mode !== undefined && object !== undefined && file !== undefined ? [{ mode: Number.parseInt(mode, 8), object, file }] : [];
  });
  const reader = spawn('git', [...always, '-C', repository, 'cat-file', '--batch'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  try {
    const contents = batchContents(
      reader,
      entries.map(({ object }) => object),
    );
    const files: LayoutFile[] = [];
    for (const { mode, file } of entries) {
      const next = await contents.next();
      if (next.done) throw new Error(`git ended before it had told the content of ${file}.`);
      files.push({ file, mode, size: next.value.length, sha: await add(next.value) });
    }
    return files;
  } finally {
    reader.kill('SIGKILL');
  }
}

/** Yields what `git cat-file --batch` answers for each object: `<sha> blob <size>`, the content, a line end. */
async function* batchContents(
  reader: ChildProcessByStdio<Writable, Readable, null>,
  objects: readonly string[],
): AsyncGenerator<Buffer, void> {
  reader.stdin.on('error', () => undefined); // it ended: said by the content that is missing
  reader.stdin.end(objects.map((object) => `${object}\n`).join(''));
  let waiting = Buffer.alloc(0);
  let wanted: number | undefined;
  for await (const chunk of reader.stdout) {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      if (wanted === undefined) {
        const end = waiting.indexOf('\n');
        if (end < 0) break;
        wanted = Number(waiting.subarray(0, end).toString().split(' ')[2]);
        if (!Number.isSafeInteger(wanted)) throw new Error(`git said "${waiting.subarray(0, end).toString()}".`);
        waiting = waiting.subarray(end + 1);
      }
      if (waiting.length <= wanted) break;
      yield Buffer.from(waiting.subarray(0, wanted));
      waiting = waiting.subarray(wanted + 1);
      wanted = undefined;
    }
  }
}

async function git(repository: string, args: readonly string[]): Promise<string> {
  const options = { env: environment, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
  return (await run('git', [...always, '-C', repository, ...args], options)).stdout;
}
