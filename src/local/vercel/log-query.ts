/** What is wrong with a query, as a sentence for its author. */
export class LogQueryError extends Error {}

/** One entry, its fields by name. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;
type Test = (fields: LogFields) => boolean;
type Comparison = '>=' | '<=' | '>' | '<';

/** A word, a quoted text, or a sign. */
const token = /\s*(?:"((?:[^"\\]|\\.)*)"|(>=|<=|[():<>])|([^\s():<>"]+))/y;

interface Token {
  readonly kind: 'text' | 'sign' | 'word';
  readonly text: string;
}

/**
 * Returns the test that a query of `vercel logs` stands for: `field:value` (with `*`), `field:(a OR b)`, `field >= 5`, joined by AND,
 * OR, NOT and parentheses; a bare word is looked for in the message. An empty query takes everything. Throws `LogQueryError`.
 */
export function parseLogQuery(query: string): Test {
  const tokens = tokensOf(query);
  if (tokens.length === 0) return () => true;
  const reader = { tokens, at: 0 };
  const test = either(reader);
  if (reader.at < tokens.length) throw new LogQueryError(`The query cannot be read from "${tokens[reader.at]?.text}" on.`);
  return test;
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (query.slice(token.lastIndex).trim() !== '') {
    const start = token.lastIndex;
    const found = token.exec(query);
    if (!found) throw new LogQueryError(`The query cannot be read at "${query.slice(start).trim().slice(0, 20)}".`);
    const [, quoted, sign, word] = found;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
}

function take(reader: Reader, kind: Token['kind'], text: string): boolean {
  const next = reader.tokens[reader.at];
  if (next?.kind !== kind || next.text.toUpperCase() !== text) return false;
  reader.at++;
  return true;
}

function either(reader: Reader): Test {
  const tests = [both(reader)];
  while (take(reader, 'word', 'OR')) tests.push(both(reader));
  return (fields) => tests.some((test) => test(fields));
}

function both(reader: Reader): Test {
  const tests = [negated(reader)];
  while (take(reader, 'word', 'AND') || startsTerm(reader)) tests.push(negated(reader));
  return (fields) => tests.every((test) => test(fields));
}

function startsTerm({ tokens, at }: Reader): boolean {
  const next = tokens[at];
  if (next === undefined || (next.kind === 'word' && next.text.toUpperCase() === 'OR')) return false;
  return next.kind !== 'sign' || next.text === '(';
}

function negated(reader: Reader): Test {
  if (!take(reader, 'word', 'NOT')) return term(reader);
  const test = term(reader);
  return (fields) => !test(fields);
}

function term(reader: Reader): Test {
  if (take(reader, 'sign', '(')) return closed(reader, either(reader));
  const first = value(reader);
  if (take(reader, 'sign', ':')) {
    if (!take(reader, 'sign', '(')) return equals(first, value(reader));
    const values = [value(reader)];
    while (take(reader, 'word', 'OR')) values.push(value(reader));
    return closed(reader, (fields) => values.some((one) => equals(first, one)(fields)));
  }
  for (const sign of ['>=', '<=', '>', '<'] as const) {
    if (take(reader, 'sign', sign)) return compares(first, sign, Number(value(reader)));
  }
  return (fields) => String(fields['message'] ?? '').includes(first);
}

function closed(reader: Reader, test: Test): Test {
  if (!take(reader, 'sign', ')')) throw new LogQueryError('A parenthesis is not closed.');
  return test;
}

function value(reader: Reader): string {
  const next = reader.tokens[reader.at];
  if (next === undefined || next.kind === 'sign' || (next.kind === 'word' && /^(?:AND|OR|NOT)$/.test(next.text)))
    throw new LogQueryError(`A value is missing${next ? ` before "${next.text}"` : ' at the end'}.`);
  reader.at++;
  return next.text;
}

function equals(field: string, wanted: string): Test {
  const pattern = new RegExp(
    `^${wanted
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*')}$`,
    'is',
  );
  return (fields) => pattern.test(String(fields[field] ?? ''));
}

function compares(field: string, sign: Comparison, limit: number): Test {
  if (Number.isNaN(limit)) throw new LogQueryError(`"${field}" is compared with what is no number.`);
  return (fields) => {
    const actual = Number(fields[field]);
    switch (sign) {
      case '>=':
        return actual >= limit;
      case '<=':
        return actual <= limit;
      case '>':
        return actual > limit;
      case '<':
        return actual < limit;
    }
  };
}
