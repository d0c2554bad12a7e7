/** Contents of small files that are asked for again and again. What is cached never changes: a path belongs to one deployment. */
export interface ContentCache {
  /** Says whether a file of this size is worth keeping. */
  takes(sizeBytes: number): boolean;
  get(path: string): Buffer | undefined;
  /** Keeps the content, forgetting the oldest where room is needed; returns it. */
  add(path: string, content: Buffer): Buffer;
}

/** Returns an empty cache for `roomBytes`, no file of which takes more than a hundredth of it. */
export function createContentCache(roomBytes: number): ContentCache {
  const contents = new Map<string, Buffer>();
  let usedBytes = 0;
  return {
    takes: (sizeBytes) => sizeBytes <= roomBytes / 100,
    get: (path) => contents.get(path),
    add: (path, content) => {
      if (contents.has(path)) return content;
      contents.set(path, content);
      usedBytes += content.length;
      for (const [oldest, { length }] of contents) {
        if (usedBytes <= roomBytes) break;
        contents.delete(oldest);
        usedBytes -= length;
      }
      return content;
    },
  };
}
