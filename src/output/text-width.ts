/**
 * Texts of characters that are a grapheme and a column each: ASCII, Latin letters, dashes and quotes, arrows, mathematical signs, frames,
 * check marks. Nearly all of our texts are: they need no Unicode tables, whose first use takes longer than drawing a whole table.
 */
const plain = /^[ -~\u00A0-\u00AC\u00AE-\u02FF\u2010-\u2027\u2030-\u205E\u2190-\u21FF\u2200-\u22FF\u2500-\u25FC\u2713-\u2718]*$/;

let segmenter: Intl.Segmenter | undefined;

/** Returns what a reader takes for one character each. */
function graphemesOf(text: string): readonly string[] {
  if (plain.test(text)) return Array.from(text);
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** East Asian wide and full-width characters, and emoji. Unicode 16, East_Asian_Width W and F (the common blocks). */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u;

// eslint-disable-next-line no-control-regex -- our own colours
const colour = /\u001B\[[\d;]*m/g;
// eslint-disable-next-line no-control-regex -- our own colours
const colourParts = /(\u001B\[[\d;]*m)/;

/** Returns how many terminal columns a text without line feeds takes; our own colours take none. */
export function displayWidth(text: string): number {
  const uncoloured = text.replaceAll(colour, '');
  if (plain.test(uncoloured)) return uncoloured.length;
  return graphemesOf(uncoloured).reduce((width, grapheme) => width + graphemeWidth(grapheme), 0);
}

function graphemeWidth(grapheme: string): number {
  if (plain.test(grapheme)) return 1;
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
    for (const segment of graphemesOf(part)) {
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
  for (const segment of graphemesOf(word)) {
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
