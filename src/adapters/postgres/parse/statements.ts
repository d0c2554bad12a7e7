import { setFlagsFromString } from 'node:v8';
import type { Node } from 'libpg-query';
import { offsetOfCharacter } from './text-position.ts';

/** One statement of a file. */
export interface SqlStatement {
  /** With the comments before it, without its semicolon: what the Supabase CLI keeps in its ledger. */
  readonly text: string;
  /** Where `text` begins in the file (UTF-16 units from 0). */
  readonly offset: number;
  /** Where the statement itself begins in the file, after its comments. */
  readonly startOffset: number;
  /** Name of its parse tree's node (`CreateStmt`, `TransactionStmt`); `comment` for comments after the last semicolon. */
  readonly node: string;
}

/** One statement as Postgres's parser reads it. */
export interface ParsedSql extends SqlStatement {
  /** The parse tree, or undefined for comments. */
  readonly tree: Node | undefined;
}

/** The statements of a file, or where and why it is not SQL. */
export type SplitSql =
  | { readonly kind: 'statements'; readonly statements: readonly ParsedSql[] }
  | { readonly kind: 'syntax-error'; readonly message: string; readonly offset: number };

/** Returns the statements of a file in order, split by Postgres's own parser (libpg-query); a byte order mark is passed over. */
export async function splitSql(file: string): Promise<SplitSql> {
  const sql = file.startsWith('\uFEFF') ? ` ${file.slice(1)}` : file;
  if (sql.trim() === '') return { kind: 'statements', statements: [] };
  const { hasSqlDetails, parse } = await sqlParser();
  try {
    const tree = await parse(sql);
    return { kind: 'statements', statements: statementsOf(sql, tree.stmts ?? []) };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    // Its cursor position counts characters from 0 (tried with 18.1.5: a wide character before the error moves it by one).
    return { kind: 'syntax-error', message: error.message, offset: offsetOfCharacter(sql, (error.sqlDetails?.cursorPosition ?? 0) + 1) };
  }
}

/**
 * Returns Postgres's parser. V8's optimising compiler would take 500 MB for its largest function after a few files (seen with
 * libpg-query 18.1.5 on Node 24.21), and no file here is long enough to win that time back: WebAssembly that is loaded from now
 * on keeps its first, unoptimised code.
 */
export async function sqlParser() {
  for (const flag of ['--no-wasm-dynamic-tiering', '--no-wasm-tier-up']) setFlagsFromString(flag);
  return import('libpg-query');
}

interface RawStatement {
  readonly stmt?: Node;
  /** In bytes of UTF-8; absent when 0. */
  readonly stmt_location?: number;
  /** In bytes; absent when the statement goes to the end. */
  readonly stmt_len?: number;
}

function statementsOf(sql: string, raw: readonly RawStatement[]): readonly ParsedSql[] {
  const bytes = Buffer.from(sql, 'utf8');
  const statements: ParsedSql[] = [];
  let previousEnd = 0;
  let offset = 0;
  for (const { stmt, stmt_location: location = 0, stmt_len: length } of raw) {
    const end = length === undefined || length === 0 ? bytes.length : location + length;
    const lead = bytes.subarray(previousEnd, location).toString('utf8');
    const body = bytes.subarray(location, end).toString('utf8');
    const skipped = lead.length + body.length - (lead + body).replace(/^[;\s]+/, '').length;
    const bodyIndent = body.length - body.trimStart().length;
    statements.push({
      text: (lead + body).slice(skipped).trimEnd(),
      offset: offset + skipped,
      startOffset: offset + lead.length + bodyIndent,
      node: Object.keys(stmt ?? {})[0] ?? 'unknown',
      tree: stmt,
    });
    offset += lead.length + body.length;
    previousEnd = end;
  }
  const rest = bytes.subarray(previousEnd).toString('utf8');
  const text = rest.replace(/^[;\s]+/, '').trimEnd();
  // The Supabase CLI keeps it as an entry of its ledger, and restores the file from there (tried with 3.1.0).
  const start = offset + rest.indexOf(text);
  if (text !== '') statements.push({ text, offset: start, startOffset: start, node: 'comment', tree: undefined });
  return statements;
}
