/** Returns a page of a list, newest first, by the vendor's `limit`, `since` and `until` (milliseconds since 1970). */
export function page<Item extends { readonly createdAt: number }>(
  items: readonly Item[],
  query: { readonly limit?: string | undefined; readonly since?: string | undefined; readonly until?: string | undefined },
  defaultLimit = 20,
) {
  const limit = Math.min(Math.max(Number(query.limit ?? defaultLimit) || defaultLimit, 1), 100);
  const until = query.until === undefined ? Infinity : Number(query.until);
  const since = query.since === undefined ? -Infinity : Number(query.since);
  const matching = items.filter((item) => item.createdAt < until && item.createdAt > since);
  const newestFirst = matching.map((item, index) => ({ item, index }));
  newestFirst.sort((left, right) => right.item.createdAt - left.item.createdAt || right.index - left.index);
  const shown = newestFirst.slice(0, limit).map(({ item }) => item);
  const last = shown.at(-1);
  const first = shown[0];
  const more = last !== undefined && newestFirst.length > limit;
  return {
    items: shown,
    pagination: { count: shown.length, next: more ? last.createdAt : null, prev: first ? first.createdAt : null },
  };
}
