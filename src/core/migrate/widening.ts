/** What changing a column's type costs: nothing, a rewrite of every row, or values that do not fit. */
export type TypeChange = 'free' | 'rewrites' | 'narrows';

/** Numbers from narrow to wide: each holds every value of those before it. */
const numbers = ['int2', 'int4', 'int8', 'numeric'];

/** Other types of which the second holds every value of the first. */
const wider: readonly (readonly [string, string])[] = [
  ['float4', 'float8'],
  ['date', 'timestamp'],
  ['date', 'timestamptz'],
  ['json', 'jsonb'],
  ['int2', 'float8'],
  ['int4', 'float8'],
];

/**
 * Returns what changing from one type to another costs, both as Postgres's parser names them (`int4`, `varchar(20)`, `numeric(10,2)`).
 * A type that is not known (undefined) may hold anything: only text without a bound takes all.
 */
export function widening(from: string | undefined, to: string): TypeChange {
  if (from === to) return 'free';
  const [old, next] = [from === undefined ? undefined : parts(from), parts(to)];
  if (old?.isArray !== next.isArray && next.isArray) return 'narrows';
  if (isUnboundedText(next)) return old !== undefined && isText(old) && old.base !== 'bpchar' ? 'free' : 'rewrites';
  if (old === undefined || old.isArray !== next.isArray) return 'narrows';
  if (isText(old) && next.base === 'varchar') return grows(old, next) ? 'free' : 'narrows';
  if (next.base === 'numeric') return numericChange(old, next);
  const [left, right] = [numbers.indexOf(old.base), numbers.indexOf(next.base)];
  if (left >= 0 && right > left) return 'rewrites';
  return wider.some(([narrow, wide]) => narrow === old.base && wide === next.base) ? 'rewrites' : 'narrows';
}

interface TypeParts {
  readonly base: string;
  readonly bounds: readonly number[];
  readonly isArray: boolean;
}

function parts(type: string): TypeParts {
  const isArray = type.endsWith('[]');
  const [base = '', bounds] = (isArray ? type.slice(0, -2) : type).split('(');
  return { base, bounds: bounds === undefined ? [] : bounds.replace(')', '').split(',').map(Number), isArray };
}

function isText({ base, isArray }: TypeParts): boolean {
  return !isArray && ['text', 'varchar', 'bpchar', 'citext'].includes(base);
}

function isUnboundedText(type: TypeParts): boolean {
  return !type.isArray && (type.base === 'text' || (type.base === 'varchar' && type.bounds.length === 0));
}

function grows(old: TypeParts, next: TypeParts): boolean {
  const [before, after] = [old.bounds[0], next.bounds[0]];
  return old.base === 'varchar' && before !== undefined && after !== undefined && after >= before;
}

/** Digits that the integer types need before the point. */
const digits: Readonly<Record<string, number>> = { int2: 5, int4: 10, int8: 19 };

function numericChange(old: TypeParts, next: TypeParts): TypeChange {
  const [precision, scale = 0] = next.bounds;
  const isNumeric = old.base === 'numeric';
  const whole = isNumeric ? (old.bounds[0] ?? Infinity) - (old.bounds[1] ?? 0) : (digits[old.base] ?? Infinity);
  if (precision === undefined) return isNumeric ? 'free' : whole === Infinity ? 'narrows' : 'rewrites';
  const fraction = isNumeric ? (old.bounds[1] ?? (old.bounds.length === 0 ? Infinity : 0)) : 0;
  if (precision - scale < whole || scale < fraction) return 'narrows';
  // Postgres leaves the rows alone when only the precision grows (numeric_support, numeric.c).
  return isNumeric && scale === fraction ? 'free' : 'rewrites';
}
