import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { ProcessMark } from './processes.ts';
import { isAlive, markOf } from './processes.ts';

/** A lock held by this process until `release`; a killed holder's lock is taken over. */
export interface ProcessLock {
  release(): Promise<void>;
}

/** Returns the live process that holds the lock, if any. */
export async function lockHolder(path: string): Promise<ProcessMark | undefined> {
  const mark = parseMark(await readFile(path, 'utf8').catch(() => ''));
  return mark && isAlive(mark) ? mark : undefined;
}

/** Takes the lock for this process; returns undefined when a live process holds it. */
export async function takeLock(path: string): Promise<ProcessLock | undefined> {
  const own = markOf(process.pid);
  if (!own) throw new Error('This process has no start time.');
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, JSON.stringify(own), { mode: 0o600, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      // A hard link either appears whole or fails: no reader sees a lock without its holder.
      const taken = await link(draft, path).then(
        () => true,
        () => false,
      );
      if (taken) return { release: () => release(path, own) };
      if (await lockHolder(path)) return undefined;
      await setAside(path);
    }
    return undefined;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Moves a dead holder's lock away. Only one of several takers gets it; who got a live one by mistake puts it back. */
async function setAside(path: string): Promise<void> {
  const aside = `${path}.stale-${randomBytes(6).toString('hex')}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if (await lockHolder(aside)) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(path: string, own: ProcessMark): Promise<void> {
  const mark = parseMark(await readFile(path, 'utf8').catch(() => ''));
  if (mark?.pid === own.pid && mark.startedAt === own.startedAt) await rm(path, { force: true });
}

function parseMark(text: string): ProcessMark | undefined {
  try {
    const mark: ProcessMark = JSON.parse(text);
    return mark;
  } catch {
    return undefined;
  }
}
