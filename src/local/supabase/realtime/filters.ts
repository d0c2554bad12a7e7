import { isoTime } from '../iso-time.ts';

/** One condition on a column, as a subscription sends it: `status=eq.OPEN`, `id=in.(1,2)`. */
export interface ColumnFilter {
  readonly column: string;
  readonly operator: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

const operators = new Set(['eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in', 'is', 'like', 'ilike', 'match', 'imatch', 'isdistinct']);
const numericTypes = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'oid', 'money']);
const timeTypes = new Set(['timestamp', 'timestamptz', 'date']);

/** Reads a filter, several parted by commas; undefined when it is none. An empty text has no conditions. */
export function parseFilter(text: string | undefined): readonly ColumnFilter[] | undefined {
  if (text === undefined || text === '') return [];
  const filters: ColumnFilter[] = [];
  for (const condition of split(text)) {
    const match = /^([^=]+)=(not\.)?([a-z]+)\.(.*)$/s.exec(condition);
    const [, column, negation, operator, value] = match ?? [];
    if (column === undefined || operator === undefined || value === undefined || !operators.has(operator)) return undefined;
    const values = operator === 'in' ? inValues(value) : [unquoted(value)];
    if (values === undefined) return undefined;
    filters.push({ column: column.trim(), operator, negated: negation !== undefined, values });
  }
  return filters;
}

function inValues(text: string): readonly string[] | undefined {
  const list = /^\((.*)\)$/s.exec(text)?.[1];
  return list === undefined ? undefined : split(list).map(unquoted);
}

/** Splits at commas outside parentheses and double quotes. */
function split(text: string): readonly string[] {
  const parts: string[] = [''];
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (character === '\\' && quoted) {
      parts[parts.length - 1] += character + (text[index + 1] ?? '');
      index += 1;
      continue;
    }
    if (character === '"') quoted = !quoted;
    if (!quoted && character === '(') depth += 1;
    if (!quoted && character === ')') depth -= 1;
    if (!quoted && depth === 0 && character === ',') parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function unquoted(text: string): string {
  const inner = /^"(.*)"$/s.exec(text)?.[1];
  return inner === undefined ? text : inner.replaceAll(/\\(.)/gs, '$1');
}

/**
 * Returns true when the row meets all conditions. `row` holds values as Postgres writes them; a column that it lacks (of a deleted row
 * only the primary key is known) meets none.
 */
export function matches(
  filters: readonly ColumnFilter[],
  row: Readonly<Record<string, string | null>>,
  types: Readonly<Record<string, string>>,
): boolean {
  return filters.every((filter) => {
    const value = row[filter.column];
    if (value === undefined) return false;
    const result = meets(filter, value, types[filter.column] ?? 'text');
    // As in SQL: a comparison with null is neither true nor false.
    return result === undefined ? false : result !== filter.negated;
  });
}

function meets({ operator, values }: ColumnFilter, value: string | null, type: string): boolean | undefined {
  const [wanted = ''] = values;
  if (operator === 'is') return isWanted(value, wanted);
  if (operator === 'isdistinct') return value === null || compare(value, wanted, type) !== 0;
  if (value === null) return undefined;
  switch (operator) {
    case 'eq':
      return compare(value, wanted, type) === 0;
    case 'neq':
      return compare(value, wanted, type) !== 0;
    case 'lt':
      return compare(value, wanted, type) < 0;
    case 'lte':
      return compare(value, wanted, type) <= 0;
    case 'gt':
      return compare(value, wanted, type) > 0;
    case 'gte':
      return compare(value, wanted, type) >= 0;
    case 'in':
      return values.some((one) => compare(value, one, type) === 0);
    case 'like':
      return pattern(likeSource(wanted), '').test(value);
    case 'ilike':
      return pattern(likeSource(wanted), 'i').test(value);
    case 'match':
      return pattern(wanted, '').test(value);
    default:
      return pattern(wanted, 'i').test(value);
  }
}

function isWanted(value: string | null, wanted: string): boolean {
  const names: Readonly<Record<string, string | null>> = { null: null, true: 't', false: 'f', unknown: null };
  return value === (names[wanted] ?? null);
}

function compare(left: string, right: string, type: string): number {
  if (numericTypes.has(type)) return compareNumbers(left, right);
  if (timeTypes.has(type)) return Date.parse(isoTime(left)) - Date.parse(isoTime(right));
  if (type === 'bool') return boolean(left) === boolean(right) ? 0 : 1;
  if (type === 'uuid') return order(left.toLowerCase(), right.toLowerCase());
  return order(left, right);
}

/** Whole numbers beyond 2^53 are compared exactly. */
function compareNumbers(left: string, right: string): number {
  if (/^-?\d+$/.test(left) && /^-?\d+$/.test(right)) return order(BigInt(left), BigInt(right));
  return Number(left) - Number(right);
}

function order<Value extends string | bigint>(left: Value, right: Value): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function boolean(text: string): boolean {
  return text === 't' || text === 'true';
}

function likeSource(text: string): string {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return `^${escaped.replaceAll('%', '[^]*').replaceAll('_', '[^]')}$`;
}

function pattern(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    return /$^/;
  }
}
