/** Longest text of somebody else's that a message of ours quotes, in characters. */
const defaultLength = 300;

/**
 * Returns somebody else's text as one line that is safe to show: control characters (line feeds, escape sequences), bidirectional
 * overrides and lone surrogates written as `\u{…}`, and cut to `length` characters with `…`.
 */
export function printable(text: string, length = defaultLength): string {
  // Cut first with room to spare: escaping a giant text only to throw it away would cost its whole length.
  const escaped = Array.from(text.slice(0, length * 2), (character) => (isUnsafe(character) ? escapeOf(character) : character));
  if (escaped.length <= length) return escaped.join('').trim();
  return `${escaped.slice(0, length).join('').trimEnd()}…`;
}

/** SGR sequences of ECMA-48 (§8.3.117): what programs colour their lines with. */
const colours = new RegExp(`${String.fromCodePoint(0x1b)}\\[[\\d;:]*m`, 'g');

/** Returns a line of a program's output, safe to show: its colours are gone, everything else is as `printable` has it. */
export function plainLine(line: string): string {
  return printable(line.replaceAll(colours, ''));
}

/** Returns the last line of what a program said, safe to show and without its full stop. */
export function lastLine(said: string): string {
  const line = printable(said.trim().split('\n').at(-1) ?? '').replace(/\.$/, '');
  return line === '' ? 'it said nothing' : line;
}

function isUnsafe(character: string): boolean {
  // Cc controls, Cf formats (bidi overrides, zero width), Cs lone surrogates, Zl and Zp line separators.
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character);
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
