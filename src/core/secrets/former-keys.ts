/** Name of the line with the state keys before JV_STATE_KEY, newest first, with commas between them. */
export const formerKeysName = 'JV_STATE_KEY_PREVIOUS';

/** Returns the keys of that line; empty when there is none. */
export function formerKeys(line: string | undefined): readonly string[] {
  return (line ?? '').split(',').flatMap((key) => (key.trim() === '' ? [] : [key.trim()]));
}

/** Returns the line once `key` is the former one, too: it comes first, and no key stands there twice or is today's. */
export function formerKeysLine(key: string | undefined, line: string | undefined, today: string): string {
  const keys = [...(key === undefined || key === '' ? [] : [key]), ...formerKeys(line)];
  return [...new Set(keys)].filter((each) => each !== today).join(',');
}
