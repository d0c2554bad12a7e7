import type { Node, RangeVar, TypeName } from 'libpg-query';

/** Returns a relation's name with its schema; `public` where none is written. */
export function relationName(relation: RangeVar | undefined): string {
  return `${relation?.schemaname ?? 'public'}.${relation?.relname ?? ''}`;
}

/** Returns the texts of a list of names (`String` nodes). */
export function texts(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** Returns a name of one or two parts with its schema. */
export function qualified(parts: readonly string[]): string {
  const [first = '', second] = parts;
  return second === undefined ? `public.${first}` : parts.join('.');
}

/** Returns the name of what stands in a `DROP`, `GRANT` or `COMMENT`: a table, a function (without its arguments), a type, a schema. */
export function objectName(node: Node): readonly string[] {
  if ('RangeVar' in node) return [node.RangeVar.schemaname ?? 'public', node.RangeVar.relname ?? ''];
  if ('List' in node) return texts(node.List.items);
  if ('ObjectWithArgs' in node) return texts(node.ObjectWithArgs.objname);
  if ('TypeName' in node) return texts(node.TypeName.names);
  if ('String' in node) return [node.String.sval ?? ''];
  return [];
}

/** Returns a type as one word: `int4`, `varchar(20)`, `numeric(10,2)`, `text[]`. */
export function typeText(type: TypeName | undefined): string {
  const names = texts(type?.names);
  const base = (names[0] === 'pg_catalog' ? names.slice(1) : names).join('.');
  const bounds = (type?.typmods ?? []).map((node) => ('A_Const' in node ? (node.A_Const.ival?.ival ?? 0) : '?'));
  return `${base}${bounds.length === 0 ? '' : `(${bounds.join(',')})`}${(type?.arrayBounds ?? []).length > 0 ? '[]' : ''}`;
}
