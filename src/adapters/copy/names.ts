/** Returns a name as it stands in a statement. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns columns as they stand in a statement, each with the alias before it when there is one. */
export function columnList(columns: readonly string[], alias?: string): string {
  const before = alias === undefined ? '' : `${alias}.`;
  return columns.map((column) => before + quotedName(column)).join(', ');
}
