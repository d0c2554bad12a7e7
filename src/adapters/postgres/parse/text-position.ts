/** A place in a text, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  /** In characters, not bytes; a tab is one. */
  readonly column: number;
}

/** Returns the line and column of an offset (UTF-16 units from 0); an offset beyond the text is its end. */
export function textPosition(text: string, offset: number): TextPosition {
  const before = text.slice(0, Math.max(0, offset));
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 };
}

/** Returns the offset (UTF-16 units from 0) of the character that Postgres means by `position` (characters from 1). */
export function offsetOfCharacter(text: string, position: number): number {
  let offset = 0;
  let character = 1;
  for (const part of text) {
    if (character === position) break;
    offset += part.length;
    character += 1;
  }
  return offset;
}
