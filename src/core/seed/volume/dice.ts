/**
 * Draws that depend on nothing but what they are drawn for: the same seed, stream and index give the same draw, in any order and on any
 * machine. A stream is one question about a row ("its price"); two streams of one row are independent.
 */
export interface Dice {
  /** Returns a number from 0 up to, not including, 1. */
  unit(stream: number, index: number): number;
  /** Returns a whole number from `low` to `high`, both included. */
  whole(stream: number, index: number, low: number, high: number): number;
  /** Returns one of the items, each as likely. */
  pick<Item>(stream: number, index: number, items: readonly Item[]): Item;
  /** Returns a factor around 1, log-normal: `spread` is the standard deviation of its logarithm. */
  factor(stream: number, index: number, spread: number): number;
}

/** Returns the draws of a seed value. */
export function diceOf(seed: number): Dice {
  const starts: number[] = [];
  const unit = (stream: number, index: number) => {
    const start = (starts[stream] ??= scramble(scramble(seed) ^ stream));
    return scramble(start ^ index) / 4_294_967_296;
  };
  return {
    unit,
    whole: (stream, index, low, high) => low + Math.floor(unit(stream, index) * (high - low + 1)),
    pick: (stream, index, items) => {
      const item = items[Math.floor(unit(stream, index) * items.length)];
      if (item === undefined) throw new RangeError('There is nothing to draw from.');
      return item;
    },
    factor: (stream, index, spread) => {
      // Box–Muller; 1 - unit is never 0.
      const radius = Math.sqrt(-2 * Math.log(1 - unit(stream, index)));
      return Math.exp(spread * radius * Math.cos(2 * Math.PI * unit(stream + 1, index)));
    },
  };
}

/** Returns 32 bits in which every bit depends on every bit of the input (a multiply-and-shift mixer, not for secrets). */
function scramble(input: number): number {
  let bits = (input ^ 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
