import type { CacheDoor } from '../../core/ports/probes.ts';
import { judgeRedis, type KeyCrossing } from '../../core/smoke/redis-judge.ts';
import type { RedisCheck } from '../../core/smoke/smoke.ts';
import type { Finding } from '../../core/verdict.ts';
import { notConfigured, type Running } from './running.ts';

/** Seconds that a probe key lives, should its removal fail. */
const ttlSeconds = 60;
/** Keys that are looked at: a thousand a command, so that Upstash's count of commands stays small. */
const maxKeys = 20_000;

/** Writes a key through each door of Redis and reads it through all, then looks for keys that are not this environment's. */
export async function checkRedis(check: RedisCheck, run: Running): Promise<Finding> {
  const { cache, clock } = run.deps;
  if (cache === undefined)
    return notConfigured(check, 'Redis', 'the addresses of the Redis database are not known', 'Run `jv-staging provision`.');
  const startedMs = clock.nowMs();
  const { doors, keys, prefix, isOwnKey = (key: string) => key.startsWith(prefix) } = cache;
  const isOurs = (key: string) => isOwnKey(key) || check.otherPrefixes.some((other) => key.startsWith(other));
  const probes = doors.map((door) => ({
    door,
    key: `${prefix}jv-smoke:${run.mark}:${door.name.toLowerCase()}`,
    value: `${run.mark} ${door.name}`,
  }));
  try {
    await Promise.all(probes.map(({ door, key, value }) => door.set(key, value, ttlSeconds, run.signal)));
    const [crossings, found] = await Promise.all([
      Promise.all(probes.flatMap((probe) => doors.map((reader) => crossing(probe, reader, run.signal)))),
      keys.foreignKeys(isOurs, maxKeys, run.signal),
    ]);
    return judgeRedis(check, { crossings, ttlSeconds, keys: found, prefix, durationMs: clock.nowMs() - startedMs });
  } finally {
    // By each door its own key: they may lead to different databases. An interrupted run removes its keys, too.
    await Promise.allSettled(probes.map(({ door, key }) => door.remove([key], new AbortController().signal)));
  }
}

async function crossing(
  probe: { readonly door: CacheDoor; readonly key: string; readonly value: string },
  reader: CacheDoor,
  signal: AbortSignal,
): Promise<KeyCrossing> {
  const { value, ttlSeconds: left } = await reader.get(probe.key, signal);
  return { writtenBy: probe.door.name, readBy: reader.name, written: probe.value, value, ttlSeconds: left };
}
