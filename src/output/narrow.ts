/** Narrower pages (a phone, a pane beside an editor) get texts below one another, where wider ones get columns. */
const narrowBelow = 60;

/** Says whether a page is too narrow for columns of text. */
export function isNarrow(columns: number): boolean {
  return columns < narrowBelow;
}
