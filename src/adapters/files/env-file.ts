import { stat } from 'node:fs/promises';
import { parse } from 'dotenv';
import { StagingError } from '../../core/errors.ts';
import type { SecretFile } from '../../core/ports/secret-file.ts';
import { printable } from '../../core/printable.ts';
import { readIfThere, writeDurably } from './durable-file.ts';

/** Returns the port over an environment file; writes of one process follow one another. */
export function envFile(path: string): SecretFile {
  let last: Promise<unknown> = Promise.resolve();
  return {
    path,
    read: async (name) => parse((await readIfThere(path)) ?? '')[name],
    write: async (values) => {
      const turn = last
        .catch(() => undefined)
        .then(async () => {
          const before = (await readIfThere(path)) ?? '';
          const after = withValues(before, values);
          if (after !== before) await writeDurably(path, after);
        });
      last = turn;
      await turn;
    },
  };
}

/** Returns when a file was last changed (ms since 1970 UTC), or undefined when it is not there. */
export async function fileChangedAtMs(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

/**
 * Returns the text of an environment file with these values set: lines of these names are replaced where they stand, new ones
 * added at the end, all else (comments, other lines, their order) kept. Throws `ENV_VALUE_UNWRITABLE` (kind `usage`).
 */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  const written = Object.entries(values).reduce((file, [name, value]) => withValue(file, name, value), text);
  const [before, after] = [parse(text), parse(written)];
  const wrong =
    Object.keys(values).find((name) => after[name] !== values[name]) ??
    Object.keys(before).find((name) => !(name in values) && after[name] !== before[name]);
  if (wrong !== undefined) throw unwritable(wrong);
  return written;
}

/** An assignment as dotenv 18 reads it (its `LINE`): name, and the value with its quotes. */
const assignment =
  /^[^\S\n]*(?:export\s+)?([\w.-]+)(?:\s*=[^\S\n]*|:[^\S\n]+)('(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]+)?/gm;

function withValue(text: string, name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw unwritable(name);
  const line = `${name}=${quoted(name, value)}`;
  let found = false;
  const replaced = text.replace(assignment, (match: string, key: string, _value: string | undefined, at: number) => {
    if (key !== name) return match;
    found = true;
    // The value's trailing spaces were part of the match; a comment after it needs one of them.
    return text[at + match.length] === '#' ? `${line} ` : line;
  });
  if (found) return replaced;
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${separator}${line}\n`;
}

/** Quotes a value as dotenv unquotes it: no escapes within quotes, but `\n` and `\r` within double ones are line ends. */
function quoted(name: string, value: string): string {
  if (/^[\w./:@%+=,?&~-]+$/.test(value)) return value;
  const quote = ["'", '`', '"'].find(
    (candidate) => !value.includes(candidate) && (candidate !== '"' || !value.includes('\\')) && !value.includes('\r'),
  );
  if (quote === undefined || value.endsWith('\\')) throw unwritable(name);
  return `${quote}${value}${quote}`;
}

function unwritable(name: string): StagingError {
  return new StagingError('usage', 'ENV_VALUE_UNWRITABLE', `The value of ${printable(name)} cannot be written into an environment file.`, {
    fix: `Give ${printable(name)} a value without line ends, and with at most two kinds of quotes.`,
  });
}
