/** A node of a syntax tree (ESTree), as a parser gives it. */
export interface SyntaxNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The rules that a load script is held against, by what would go wrong (issue 6). */
export type ScriptRule = 'error-rate-of-ones' | 'text-summary-not-imported' | 'any-status-passes' | 'no-thresholds';

/** A defect of a script: it would run, and its verdict would say nothing. */
export interface ScriptDefect {
  readonly rule: ScriptRule;
  /** Where, from 1 on; the first line for what is missing altogether. */
  readonly line: number;
  /** One sentence: what happens, and what to write instead. */
  readonly message: string;
}

/** What is seen of a script without running it. */
export interface ScriptFacts {
  readonly defects: readonly ScriptDefect[];
  /** Whether its options have thresholds; unknown where they are computed. */
  readonly thresholds: 'there' | 'missing' | 'unknown';
  /** Names of the environment variables that it reads (`__ENV.NAME`). */
  readonly variables: readonly string[];
}

/** The defect of a script whose options have no thresholds. */
export const noThresholds: ScriptDefect = {
  rule: 'no-thresholds',
  line: 1,
  message: "`options` has no thresholds, so k6 ends with 0 whatever happens: add `thresholds: { http_req_failed: ['rate<0.15'] }`.",
};

/** Returns what a script's syntax tree (an ESTree `Program` with locations) shows. */
export function readScript(program: SyntaxNode): ScriptFacts {
  const nodes = [...walk(program)];
  const declared = new Set(nodes.flatMap(declaredNames));
  const thresholds = thresholdsOf(nodes);
  const defects = nodes.flatMap((node) => [...rateOfOnes(node), ...anyStatus(node), ...unknownSummary(node, declared)]);
  const seen = thresholds === 'missing' ? [...defects, noThresholds] : defects;
  return { defects: seen.toSorted((a, b) => a.line - b.line), thresholds, variables: [...new Set(nodes.flatMap(variableOf))] };
}

function rateOfOnes(node: SyntaxNode): readonly ScriptDefect[] {
  if (node.type !== 'LogicalExpression' || node['operator'] !== '||') return [];
  const { left, right } = node;
  if (!isNode(left) || !isNode(right) || calleeName(left) !== 'check' || propertyOf(calleeOf(right)) !== 'add') return [];
  const message =
    '`check(…) || rate.add(1)` adds ones alone, so the rate is 1 or nothing: write `rate.add(!check(…))`, which counts what went well too.';
  return [{ rule: 'error-rate-of-ones', line: lineOf(node), message }];
}

function anyStatus(node: SyntaxNode): readonly ScriptDefect[] {
  if (node.type !== 'BinaryExpression' || (node['operator'] !== '!==' && node['operator'] !== '!=')) return [];
  const sides = [node['left'], node['right']].filter(isNode);
  if (!sides.some((side) => propertyOf(side) === 'status') || !sides.some((side) => side['value'] === 0)) return [];
  const message = '`status !== 0` holds for every answer, a 500 too: name the status that is expected, `status === 200`.';
  return [{ rule: 'any-status-passes', line: lineOf(node), message }];
}

function unknownSummary(node: SyntaxNode, declared: ReadonlySet<string>): readonly ScriptDefect[] {
  if (calleeName(node) !== 'textSummary' || declared.has('textSummary')) return [];
  const message =
    '`textSummary` is called and never imported, so `handleSummary` fails at the end of the run and its files are not written: import it, or print figures of `data` yourself.';
  return [{ rule: 'text-summary-not-imported', line: lineOf(node), message }];
}

function thresholdsOf(nodes: readonly SyntaxNode[]): ScriptFacts['thresholds'] {
  const isOptions = (node: SyntaxNode) => node.type === 'VariableDeclarator' && nameOf(node['id']) === 'options';
  // `export { settings as options }` and the like: what stands there is not followed.
  const isRenamed = nodes.some((node) => node.type === 'ExportSpecifier' && nameOf(node['exported']) === 'options');
  const declarator = nodes.find(isOptions);
  if (declarator === undefined) return isRenamed ? 'unknown' : 'missing';
  const value = declarator['init'];
  if (!isNode(value) || value.type !== 'ObjectExpression') return 'unknown';
  const properties = nodesOf(value['properties']);
  const thresholds = properties.find((property) => nameOf(property['key']) === 'thresholds')?.['value'];
  if (isNode(thresholds))
    return thresholds.type === 'ObjectExpression' && nodesOf(thresholds['properties']).length === 0 ? 'missing' : 'there';
  return properties.some((property) => property.type === 'SpreadElement') ? 'unknown' : 'missing';
}

/** Returns the names that a node declares: imports, variables, functions and parameters that are plain names. */
function declaredNames(node: SyntaxNode): readonly string[] {
  switch (node.type) {
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return names(node['local']);
    case 'VariableDeclarator':
      return isNode(node['id']) && node['id'].type === 'ObjectPattern'
        ? nodesOf(node['id']['properties']).flatMap((property) => names(property['value']))
        : names(node['id']);
    case 'FunctionDeclaration':
      return names(node['id']);
    default:
      return [];
  }
}

function variableOf(node: SyntaxNode): readonly string[] {
  if (node.type !== 'MemberExpression' || nameOf(node['object']) !== '__ENV') return [];
  const { property } = node;
  if (!isNode(property)) return [];
  if (node['computed'] !== true) return names(property);
  return typeof property['value'] === 'string' ? [property['value']] : [];
}

function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of Object.values(node)) {
    for (const each of Array.isArray(child) ? child : [child]) if (isNode(each)) yield* walk(each);
  }
}

function calleeOf(node: SyntaxNode): unknown {
  return node.type === 'CallExpression' ? node['callee'] : undefined;
}

function calleeName(node: SyntaxNode): string | undefined {
  return nameOf(calleeOf(node));
}

function propertyOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'MemberExpression' ? nameOf(node['property']) : undefined;
}

function names(node: unknown): readonly string[] {
  const name = nameOf(node);
  return name === undefined ? [] : [name];
}

/** Returns the name of an identifier, or the text of a quoted key. */
function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return typeof node['name'] === 'string' ? node['name'] : undefined;
  return node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;
}

function nodesOf(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function lineOf(node: SyntaxNode): number {
  const { loc } = node;
  if (typeof loc !== 'object' || loc === null || !('start' in loc)) return 1;
  const { start } = loc;
  return typeof start === 'object' && start !== null && 'line' in start && typeof start.line === 'number' ? start.line : 1;
}
