/** Longest value that is looked for as a whole, in words; longer ones are found by their distinctive words. */
const maxWords = 6;

/** Shortest value and shortest distinctive word that is looked for. */
const minLength = 4;
const minDistinctive = 6;

/**
 * What a copy must not hold: the source's own values of every column that is not kept. Only digests are held, eight bytes a value.
 * A value is found as a whole, wherever it stands in a text, in any case of letters; of longer texts, JSON and bytes, each part of it that is
 * distinctive: an address, or a word with a digit, or a long one.
 */
export interface LeakIndex {
  /** Notes a value of the source. */
  add(value: string): void;
  /** Returns true when the text holds a value of the source. */
  isLeaking(text: string): boolean;
  readonly size: number;
}

/** Returns an empty index. */
export function leakIndex(): LeakIndex {
  const digests = new Set<number>();
  const note = (text: string) => void (text.length >= minLength && digests.add(digestOf(text)));
  return {
    add: (value) => {
      for (const text of textsIn(value)) {
        const words = wordsOf(text);
        if (words.length <= maxWords) note(words.join(' '));
        for (const word of words) if (isDistinctive(word)) note(word);
      }
    },
    isLeaking: (value) => textsIn(value).some((text) => holdsAny(wordsOf(text), digests)),
    get size() {
      return digests.size;
    },
  };
}

function holdsAny(words: readonly string[], digests: ReadonlySet<number>): boolean {
  for (let start = 0; start < words.length; start += 1) {
    let run = '';
    for (const word of words.slice(start, start + maxWords)) {
      run = run === '' ? word : `${run} ${word}`;
      if (run.length >= minLength && digests.has(digestOf(run))) return true;
    }
  }
  return false;
}

function isDistinctive(word: string): boolean {
  return word.includes('@') || word.length >= 12 || (word.length >= minDistinctive && /\d/.test(word));
}

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}@._+-]+/u)
    .map((word) => word.replaceAll(/^[._-]+|[._-]+$/g, ''))
    .filter((word) => word !== '');
}

/** Returns a value as text, the texts within JSON each by itself, and bytes as the text that they may be. */
function textsIn(value: string): readonly string[] {
  if (/^\\x(?:[0-9a-f]{2})+$/.test(value)) return [value.slice(2), bytesAsText(value.slice(2))];
  if (!/^\s*[[{"]/.test(value)) return [value];
  try {
    return [value, ...textsOfJson(JSON.parse(value))];
  } catch {
    return [value];
  }
}

function textsOfJson(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOfJson);
}

function bytesAsText(hex: string): string {
  const percent = hex.replaceAll(/../g, '%$&');
  try {
    return decodeURIComponent(percent);
  } catch {
    return '';
  }
}

/** Fifty-three bits, so that two texts of a hundred million share one less than once; not for secrets. */
function digestOf(text: string): number {
  let [low, high] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 2_654_435_761);
    high = Math.imul(high ^ unit, 1_597_334_677);
  }
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & high) + (low >>> 0);
}
