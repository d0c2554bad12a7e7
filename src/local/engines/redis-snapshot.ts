import { chown, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { ServiceContext } from '../service.ts';
import { ownedFile, ownedFolder } from './postgres.ts';
import { ReplyError, type RespConnection } from './resp.ts';
import { startServer, waitForPort } from './server-process.ts';

/** Writes a copy of a database's data, as it is at one moment, to `file` (RDB format). `dir` is the server's folder. */
export async function takeSnapshot(admin: RespConnection, dir: string, file: string): Promise<void> {
  // Refused while another save or rewrite of the file is under way.
  while ((await admin.send([['BGSAVE']]))[0] instanceof ReplyError) await delay(50);
  const ended = await untilInfo(admin, 'persistence', (info) => info.includes('rdb_bgsave_in_progress:0'));
  if (!ended.includes('rdb_last_bgsave_status:ok')) throw new Error('Redis could not save the copy.');
  await copyFile(join(dir, 'dump.rdb'), file);
}

/** What a snapshot is loaded into. */
export interface RestoreTarget {
  readonly id: string;
  readonly admin: RespConnection;
}

/**
 * Replaces a running database's data by a snapshot: a second server reads the file, and the database becomes its replica for a moment.
 * Connections stay; the old data are there until the new ones have arrived whole. Returns once the new data are in the append-only file.
 */
export async function loadSnapshot(context: ServiceContext, program: string, file: string, target: RestoreTarget): Promise<void> {
  const dir = join(context.sharedDir, 'redis', `${target.id}.restore`);
  const port = await context.ports.port(`redis-restore-${target.id}`);
  const password = randomBytes(24).toString('base64url');
  await ownedFolder(dir, context.serverAccount);
  const copy = join(dir, 'dump.rdb');
  await copyFile(file, copy);
  if (context.serverAccount !== undefined) await chown(copy, context.serverAccount.uid, context.serverAccount.gid);
  const configFile = join(dir, 'redis.conf');
  await ownedFile(configFile, sourceConfiguration(dir, port, password), context.serverAccount);
  const source = await startServer({
    command: program,
    args: [configFile],
    cwd: dir,
    env: {},
    account: context.serverAccount,
    logFile: join(dir, 'server.log'),
    stopSignal: 'SIGTERM',
  });
  try {
    await waitForPort(port, source, 30_000);
    await replicate(target.admin, port, password);
  } finally {
    await source.stop(1000);
    await rm(dir, { recursive: true, force: true });
  }
}

async function replicate(admin: RespConnection, port: number, password: string): Promise<void> {
  try {
    await must(admin, ['CONFIG', 'SET', 'masterauth', password]);
    await must(admin, ['REPLICAOF', '127.0.0.1', `${port}`]);
    await untilInfo(admin, 'replication', (info) => info.includes('master_link_status:up') && info.includes('master_sync_in_progress:0'));
  } finally {
    await must(admin, ['REPLICAOF', 'NO', 'ONE']);
    await must(admin, ['CONFIG', 'SET', 'masterauth', '']);
  }
  const written = (info: string) => /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(info) && info.includes('loading:0');
  const info = await untilInfo(admin, 'persistence', written);
  if (!info.includes('aof_last_bgrewrite_status:ok')) throw new Error('Redis could not write the restored data to its file.');
}

async function must(admin: RespConnection, command: readonly string[]): Promise<void> {
  const [reply] = await admin.send([command]);
  if (reply instanceof ReplyError) throw reply;
}

async function untilInfo(admin: RespConnection, section: string, isReached: (info: string) => boolean): Promise<string> {
  const deadlineMs = performance.now() + 60_000;
  while (performance.now() < deadlineMs) {
    const [reply] = await admin.send([['INFO', section]]);
    const info = Buffer.isBuffer(reply) ? reply.toString('utf8') : '';
    if (isReached(info)) return info;
    await delay(25);
  }
  throw new Error(`Redis did not come to the state waited for within 60 s (INFO ${section}).`);
}

/** The delay of 5 s that a full copy without a file waits for further replicas is not wanted here. */
function sourceConfiguration(dir: string, port: number, password: string): string {
  return `# Written by the local cloud.
bind 127.0.0.1
port ${port}
daemonize no
set-proc-title no
pidfile "${join(dir, 'redis.pid')}"
dir "${dir}"
save ""
appendonly no
repl-diskless-sync no
requirepass ${password}
`;
}
