import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.ts';
import type { PortBook } from './service.ts';

/** Below Linux's range for outgoing connections (32768 and up), so that no client's socket sits on a kept port. */
const range = { from: 18_000, to: 32_000 };

/**
 * Opens the port book kept in `dir`. A kept port that somebody else took meanwhile is replaced;
 * within one process a name keeps its port.
 */
export async function openPortBook(dir: string): Promise<PortBook> {
  const path = join(dir, 'ports.json');
  const kept = new Map(Object.entries((await readJson<Record<string, number>>(path)) ?? {}));
  const given = new Map<string, Promise<number>>();

  const choose = async (name: string) => {
    const old = kept.get(name);
    if (old !== undefined && (await isFree(old))) return old;
    const port = await findFree(new Set(kept.values()));
    kept.set(name, port);
    await writeJson(path, Object.fromEntries(kept));
    return port;
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    port: (name) => {
      const known = given.get(name);
      if (known) return known;
      const chosen = turn.then(() => choose(name));
      turn = chosen.catch(() => undefined);
      given.set(name, chosen);
      return chosen;
    },
  };
}

async function findFree(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const port = randomInt(range.from, range.to);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free loopback port between ${range.from} and ${range.to}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
