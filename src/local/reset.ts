import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StagingError } from '../core/errors.ts';
import type { ResetReport } from '../core/local/faults.ts';
import { lockFile } from './files.ts';
import type { EnsureOptions } from './lifecycle.ts';
import { cloudStatus, ensureCloud, stopCloud } from './lifecycle.ts';
import { takeLock } from './process-lock.ts';

/** What stays: who may ask, where it is asked, and what clients have been told to trust. */
const kept = new Set(['credentials.json', 'ports.json', 'shared-dir', 'shared', 'owner', 'supabase-profile.yaml', 'cloud.log', 'tls']);

/**
 * Takes everything that the local cloud holds (projects, databases, deployments, the production world) back to a fresh start, and
 * starts it again when it ran. Credentials and ports stay, so that clients find it as before. Throws `LOCAL_START_IN_PROGRESS` (locked).
 */
export async function resetCloud(options: EnsureOptions & { readonly dryRun: boolean }): Promise<ResetReport> {
  const stateDir = await realpath(options.stateDir).catch(() => undefined);
  if (stateDir === undefined) return { dryRun: options.dryRun, removed: [], wasRunning: false };
  const { running } = await cloudStatus({ stateDir });
  if (options.dryRun) return { dryRun: true, removed: namesOf(await held(stateDir)), wasRunning: running };
  await stopCloud({ stateDir });
  const lock = await takeLock(lockFile(stateDir));
  if (lock === undefined)
    throw new StagingError('locked', 'LOCAL_START_IN_PROGRESS', `The local cloud in ${stateDir} is being started by another process.`, {
      fix: 'Wait for the other start, and run this command again.',
    });
  const found = await held(stateDir);
  try {
    for (const { path } of found) await rm(path, { recursive: true, force: true });
  } finally {
    await lock.release();
  }
  if (running) await ensureCloud(options);
  return { dryRun: false, removed: namesOf(found), wasRunning: running };
}

interface Held {
  readonly name: string;
  readonly path: string;
}

/** A service's own folder and the one that it shares with its servers bear the same name. */
function namesOf(found: readonly Held[]): readonly string[] {
  return [...new Set(found.map(({ name }) => name))].toSorted();
}

async function held(stateDir: string): Promise<readonly Held[]> {
  const own = await Promise.all((await entriesOf(stateDir)).map(withoutKept));
  const pointed = (await readFile(join(stateDir, 'shared-dir'), 'utf8').catch(() => '')).trim();
  const shared = await entriesOf(pointed === '' ? join(stateDir, 'shared') : pointed);
  return [...own.flat(), ...shared].filter(({ name }) => !kept.has(name) && !name.startsWith('daemon.lock'));
}

/** Of a service that has something that stays, what is in its folder but that. */
async function withoutKept(entry: Held): Promise<readonly Held[]> {
  const inside = await entriesOf(entry.path);
  if (!inside.some(({ name }) => kept.has(name))) return [entry];
  return inside.filter(({ name }) => !kept.has(name)).map(({ path }) => ({ name: entry.name, path }));
}

async function entriesOf(dir: string): Promise<readonly Held[]> {
  const names = await readdir(dir).catch(() => []);
  return names.map((name) => ({ name, path: join(dir, name) }));
}
