import { parseSync } from 'oxc-parser';

/** What the architecture's rules look at in a source file. */
export interface SourceFile {
  /** Path from the repository's root, with slashes. */
  readonly path: string;
  readonly lines: number;
  /** What it imports or re-exports, statically, dynamically or as a type only, as written. */
  readonly imports: readonly Located[];
  /** Names that it uses as values in a call or as `a.b`: `fetch()`, `process.env`, `new Date()`. */
  readonly uses: readonly Located[];
  /** Language that hides what a value is: `any`, `as`, `!`. */
  readonly casts: readonly Located[];
  readonly exports: readonly ExportedDeclaration[];
}

/** Something with the line that it stands in, from 1. */
export interface Located {
  readonly text: string;
  readonly line: number;
}

/** A declaration that is exported where it is made. */
export interface ExportedDeclaration extends Located {
  readonly isDefault: boolean;
  readonly documented: boolean;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** Reads a TypeScript source with a real parser; throws when it does not parse. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text, { lang: 'ts' });
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  const located = (node: Node, said: string): Located => ({ text: said, line: lineOf(node.start) });
  const docEnds = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*')).map(({ end }) => end);
  const isDocumented = (node: Node) => docEnds.some((end) => end <= node.start && text.slice(end, node.start).trim() === '');
  const imports: Located[] = [];
  const uses: Located[] = [];
  const casts: Located[] = [];
  const exports: ExportedDeclaration[] = [];
  for (const node of nodesBelow(program)) {
    const imported = importedBy(node);
    if (imported !== undefined) imports.push(located(node, imported));
    const used = usedBy(node);
    if (used !== undefined) uses.push(located(node, used));
    const cast = castBy(node);
    if (cast !== undefined) casts.push(located(node, cast));
    const exported = exportedBy(node);
    if (exported !== undefined) {
      exports.push({ ...located(node, exported), isDefault: node.type === 'ExportDefaultDeclaration', documented: isDocumented(node) });
    }
  }
  return { path, lines: text.replace(/\n$/, '').split('\n').length, imports, uses, casts, exports };
}

function* nodesBelow(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesBelow(item);
  } else if (isNode(value)) {
    yield value;
    for (const field of Object.values(value)) yield* nodesBelow(field);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function importedBy(node: Node): string | undefined {
  const sources = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType'];
  if (!sources.includes(node.type) || !isNode(node['source'])) return undefined;
  const { value, type } = node['source'];
  if (typeof value === 'string') return value;
  return type === 'TSLiteralType' ? importedBy({ ...node, source: node['source']['literal'] }) : '(computed)';
}

function usedBy(node: Node): string | undefined {
  const name = (value: unknown): string | undefined => {
    if (!isNode(value)) return undefined;
    if (value.type === 'Identifier' && typeof value['name'] === 'string') return value['name'];
    if (value.type !== 'MemberExpression') return undefined;
    const property = value['property'];
    const key = isNode(property) && typeof property['value'] === 'string' ? property['value'] : name(property);
    return key === undefined ? undefined : `${name(value['object'])}.${key}`;
  };
  if (node.type === 'MemberExpression') return name(node);
  if (node.type === 'CallExpression') return `${name(node['callee'])}()`;
  const isEmptyNew = node.type === 'NewExpression' && Array.isArray(node['arguments']) && node['arguments'].length === 0;
  return isEmptyNew ? `new ${name(node['callee'])}()` : undefined;
}

function castBy(node: Node): string | undefined {
  if (node.type === 'TSAnyKeyword') return 'any';
  if (node.type === 'TSNonNullExpression') return '!';
  if (node.type === 'TSTypeAssertion') return '<type>';
  if (node.type !== 'TSAsExpression') return undefined;
  const annotation = node['typeAnnotation'];
  const typeName = isNode(annotation) ? annotation['typeName'] : undefined;
  return isNode(typeName) && typeName['name'] === 'const' ? undefined : 'as';
}

function exportedBy(node: Node): string | undefined {
  if (node.type === 'ExportDefaultDeclaration') return 'default';
  if (node.type !== 'ExportNamedDeclaration' || !isNode(node['declaration'])) return undefined;
  const { id, declarations } = node['declaration'];
  const named = isNode(id) ? id : Array.isArray(declarations) && isNode(declarations[0]) ? declarations[0]['id'] : undefined;
  return isNode(named) && typeof named['name'] === 'string' ? named['name'] : '(pattern)';
}
