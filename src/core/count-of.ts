/** Returns a number with its noun: `1 report`, `2 reports`, `0 reports`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
