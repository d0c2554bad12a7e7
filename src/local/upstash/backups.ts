import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceContext } from '../service.ts';
import { openCollection } from '../store.ts';
import type { Databases } from './databases.ts';

/** A copy of a database's data. */
export interface Backup {
  readonly id: string;
  readonly databaseId: string;
  readonly name: string;
  /** Seconds since 1970. */
  readonly createdAtS: number;
  readonly state: 'pending' | 'completed' | 'failed';
  readonly sizeBytes: number;
  readonly isDaily: boolean;
}

/** The backups of all databases: real copies, each a file of its own. */
export interface Backups {
  of(databaseId: string): readonly Backup[];
  /** Returns once the copy is on disk. */
  create(databaseId: string, name: string, isDaily?: boolean): Promise<Backup>;
  /** Replaces the database's data by the copy; what was written since is gone. */
  restore(backup: Backup): Promise<void>;
  remove(backup: Backup): Promise<void>;
  /** Makes the daily backups that are due at this time. */
  makeDaily(nowMs: number): Promise<void>;
}

const dayS = 24 * 60 * 60;

/** How long a daily backup is kept (upstash.com/docs/redis/features/backup, read 2026-11-22: three days). */
const keptDays = 3;

/** Opens the backups kept in the service's folder. A copy that was not finished when the local cloud was killed counts as failed. */
export async function openBackups(context: ServiceContext, databases: Databases): Promise<Backups> {
  const stored = await openCollection<Backup>(context.stateDir, 'backups');
  const folder = join(context.stateDir, 'backup-files');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (backup: Backup) => join(folder, `${backup.id}.rdb`);
  for (const backup of stored.all()) if (backup.state === 'pending') await stored.put(backup.id, { ...backup, state: 'failed' });

  const of = (databaseId: string) => stored.all().filter((backup) => backup.databaseId === databaseId);
  const create = async (databaseId: string, name: string, isDaily = false): Promise<Backup> => {
    const createdAtS = Math.floor(Date.now() / 1000);
    const pending: Backup = { id: randomUUID(), databaseId, name, createdAtS, state: 'pending', sizeBytes: 0, isDaily };
    await stored.put(pending.id, pending);
    try {
      await databases.takeSnapshot(databaseId, fileOf(pending));
      const done: Backup = { ...pending, state: 'completed', sizeBytes: (await stat(fileOf(pending))).size };
      await stored.put(done.id, done);
      return done;
    } catch (error) {
      await stored.put(pending.id, { ...pending, state: 'failed' });
      throw error;
    }
  };
  const remove = async (backup: Backup) => {
    await stored.delete(backup.id);
    await rm(fileOf(backup), { force: true });
  };
  return {
    of,
    create,
    remove,
    restore: (backup) => databases.loadSnapshot(backup.databaseId, fileOf(backup)),
    makeDaily: async (nowMs) => {
      const nowS = nowMs / 1000;
      for (const { id, dailyBackup } of databases.all()) {
        const daily = of(id).filter((backup) => backup.isDaily);
        const isDue = daily.every((backup) => nowS - backup.createdAtS >= dayS);
        if (dailyBackup && isDue) await create(id, `daily-${new Date(nowMs).toISOString().slice(0, 10)}`, true);
        for (const old of daily) if (nowS - old.createdAtS > keptDays * dayS) await remove(old);
      }
    },
  };
}

/** Returns a backup as the Developer API shows it (schema `Backup`: flags are the words `true` and `false`). */
export function backupAnswer(backup: Backup, owner: string) {
  return {
    database_id: backup.databaseId,
    customer_id: owner,
    name: backup.name,
    backup_id: backup.id,
    creation_time: backup.createdAtS,
    state: backup.state,
    backup_size: backup.sizeBytes,
    daily_backup: `${backup.isDaily}`,
    hourly_backup: 'false',
    internal_backup_tag: '',
  };
}
