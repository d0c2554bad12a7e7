import type { DoStmt, Node } from 'libpg-query';
import type { StatementEffect } from '../../../core/migrate/effects.ts';
import { effectsOf } from './effects.ts';

/** What parses: the whole `DO` statement as PL/pgSQL, and one statement as SQL. */
export interface Parsers {
  readonly plpgsql: (text: string) => unknown;
  readonly sql: (text: string) => readonly Node[];
}

/**
 * Returns what a `DO` block does: what each statement in it does, as far as it is written there. Text that the block builds and executes,
 * another language, and a block that Postgres's parser does not read are code whose effect nobody can see.
 */
export function doBlockEffects(statement: DoStmt, text: string, parsers: Parsers): readonly StatementEffect[] {
  const language = (statement.args ?? []).flatMap((node) =>
    'DefElem' in node && node.DefElem.defname === 'language' && node.DefElem.arg !== undefined && 'String' in node.DefElem.arg
      ? [node.DefElem.arg.String.sval]
      : [],
  )[0];
  if (language !== undefined && language !== 'plpgsql') return [unseen(`a DO block of ${language}`)];
  try {
    return partsOf(parsers.plpgsql(text), parsers);
  } catch {
    return [unseen('a DO block')];
  }
}

function partsOf(tree: unknown, parsers: Parsers): readonly StatementEffect[] {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([name, value]): readonly StatementEffect[] => {
    if (name === 'PLpgSQL_stmt_dynexecute' || name === 'PLpgSQL_stmt_dynfors') return [unseen('text that a DO block builds')];
    if (name === 'PLpgSQL_stmt_call') return [unseen('a procedure')];
    if (name !== 'PLpgSQL_stmt_execsql') return partsOf(value, parsers);
    const query = queryOf(value);
    return query === undefined ? [unseen('a DO block')] : parsers.sql(query).flatMap(effectsOf);
  });
}

function queryOf(statement: unknown): string | undefined {
  const expression = member(member(statement, 'sqlstmt'), 'PLpgSQL_expr');
  const query = member(expression, 'query');
  return typeof query === 'string' ? query : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function unseen(what: string): StatementEffect {
  return { effect: 'runs-code', what };
}
