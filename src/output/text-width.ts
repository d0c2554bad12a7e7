const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** East Asian wide and full-width characters, and emoji. Unicode 16, East_Asian_Width W and F (the common blocks). */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u;

// eslint-disable-next-line no-control-regex -- our own colours
const colour = /\u001B\[[\d;]*m/g;
// eslint-disable-next-line no-control-regex -- our own colours
const colourParts = /(\u001B\[[\d;]*m)/;

/** Returns how many terminal columns a text without line feeds takes; our own colours take none. */
export function displayWidth(text: string): number {
  const plain = text.replaceAll(colour, '');
  if (/^[ -~]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes.segment(plain)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (/^[\p{Mark}\u200C\u200D]+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** Returns the text padded with spaces to this many columns (longer texts stay). */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

/** Returns the text cut to this many columns, with an ellipsis when something is missing. Colours stay whole. */
export function truncateTo(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let cut = '';
  let left = columns - 1;
  for (const [place, part] of text.split(colourParts).entries()) {
    if (place % 2 === 1) {
      cut += part;
      continue;
    }
    for (const { segment } of graphemes.segment(part)) {
      const width = graphemeWidth(segment);
      if (left >= 0 && width > left) {
        cut = `${cut.trimEnd()}…`;
        left = -1;
      }
      if (left < 0) break;
      cut += segment;
      left -= width;
    }
  }
  return columns <= 0 ? '' : cut;
}

/**
 * Returns the text in lines of at most this many columns, broken at spaces; a word that is longer is broken inside. Line feeds
 * stay. Takes text without colours. Never empty.
 */
export function wrapTo(text: string, columns: number): readonly string[] {
  const limit = Math.max(1, columns);
  return text.split('\n').flatMap((line) => wrapLine(line, limit));
}

function wrapLine(line: string, limit: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.trimEnd().split(' ')) {
    const joined = current === '' ? word : `${current} ${word}`;
    if (displayWidth(joined) <= limit) {
      current = joined;
      continue;
    }
    if (current !== '') lines.push(current);
    const pieces = breakWord(word, limit);
    lines.push(...pieces.slice(0, -1));
    current = pieces.at(-1) ?? '';
  }
  return [...lines, current];
}

function breakWord(word: string, limit: number): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let width = 0;
  for (const { segment } of graphemes.segment(word)) {
    const segmentWidth = graphemeWidth(segment);
    if (width + segmentWidth > limit && piece !== '') {
      pieces.push(piece);
      piece = '';
      width = 0;
    }
    piece += segment;
    width += segmentWidth;
  }
  return [...pieces, piece];
}
