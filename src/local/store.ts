import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A durable collection of JSON documents: what `put` acknowledged is there after `kill -9`. */
export interface Collection<Doc> {
  get(id: string): Doc | undefined;
  /** Returns all documents in order of their first `put`. */
  all(): readonly Doc[];
  /** Stores a document (replacing one of the same id) and returns once it is synced to disk. */
  put(id: string, doc: Doc): Promise<void>;
  delete(id: string): Promise<void>;
}

interface Envelope<Doc> {
  readonly id: string;
  readonly order: number;
  readonly doc: Doc;
}

/**
 * Opens the collection `name` below `dir`, one file a document: written beside, synced, renamed, folder synced.
 * Throws when a document is damaged: a half-written file never replaces a whole one, so damage comes from outside.
 */
export async function openCollection<Doc>(dir: string, name: string): Promise<Collection<Doc>> {
  const folder = join(dir, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = new Map<string, Envelope<Doc>>();
  for (const envelope of await readAll<Doc>(folder)) entries.set(envelope.id, envelope);
  let lastOrder = Math.max(0, ...[...entries.values()].map((entry) => entry.order));
  const writes = new Map<string, Promise<void>>();

  const inTurn = async (id: string, write: () => Promise<void>) => {
    const turn = (writes.get(id) ?? Promise.resolve()).catch(() => undefined).then(write);
    writes.set(id, turn);
    try {
      await turn;
    } finally {
      if (writes.get(id) === turn) writes.delete(id);
    }
  };

  return {
    get: (id) => entries.get(id)?.doc,
    all: () => [...entries.values()].map((entry) => entry.doc),
    put: async (id, doc) => {
      const envelope = { id, order: entries.get(id)?.order ?? ++lastOrder, doc };
      entries.set(id, envelope);
      const text = JSON.stringify(envelope);
      await inTurn(id, () => writeDurably(folder, fileOf(id), text));
    },
    delete: async (id) => {
      entries.delete(id);
      await inTurn(id, async () => {
        await rm(join(folder, fileOf(id)), { force: true });
        await syncFolder(folder);
      });
    },
  };
}

/** Returns a file name for any id: percent-encoded, so that no id can leave the folder. */
function fileOf(id: string): string {
  return `${encodeURIComponent(id).replaceAll('.', '%2E')}.json`;
}

async function readAll<Doc>(folder: string): Promise<Envelope<Doc>[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  const envelopes = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      try {
        const envelope: Envelope<Doc> = JSON.parse(text);
        return envelope;
      } catch (error) {
        throw new Error(`${join(folder, file)} is damaged (${text.length} characters, not JSON).`, { cause: error });
      }
    }),
  );
  return envelopes.toSorted((left, right) => left.order - right.order);
}

async function writeDurably(folder: string, file: string, text: string): Promise<void> {
  const path = join(folder, file);
  const handle = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
  await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
