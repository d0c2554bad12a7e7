import type { Node } from 'libpg-query';
import type { ParsedMigration, ParsedStatement } from '../../../core/migrate/effects.ts';
import type { MigrationFile } from '../../../core/ports/database.ts';
import { migrationStatements } from '../migrations/statements.ts';
import { doBlockEffects, type Parsers } from './do-block.ts';
import { effectsOf } from './effects.ts';
import { readDirectives } from './directives.ts';
import { outsideOnly } from './outside-only.ts';
import { type SqlStatement, sqlParser } from './statements.ts';

/** Returns a migration as Postgres's parser reads it. Throws `MIGRATION_FAILED` (a syntax error) and `MIGRATION_TRANSACTION_CONTROL`. */
export async function parseMigration(file: MigrationFile): Promise<ParsedMigration> {
  const all = await migrationStatements(file);
  const directives = await readDirectives(all);
  const { parseSync, parsePlPgSQLSync } = await sqlParser();
  const parsers: Parsers = {
    plpgsql: parsePlPgSQLSync,
    sql: (text) => (parseSync(text).stmts ?? []).flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt])),
  };
  const place = placesIn(file.sql);
  const statements = all.flatMap((statement): readonly ParsedStatement[] => {
    const { tree, text, offset, startOffset } = statement;
    if (tree === undefined) return [];
    const own = text.slice(startOffset - offset);
    return [{ text: own, ...place(startOffset), outsideOnly: outsideOnly(tree), effects: treeEffects(tree, own, parsers) }];
  });
  return { file, statements, directives };
}

function treeEffects(tree: Node, text: SqlStatement['text'], parsers: Parsers) {
  return 'DoStmt' in tree ? doBlockEffects(tree.DoStmt, text, parsers) : effectsOf(tree);
}

/** Returns what tells line and column of offsets that are asked for in rising order: one walk through the text. */
function placesIn(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  return (offset) => {
    for (let next = text.indexOf('\n', lineStart); next >= 0 && next < offset; next = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = next + 1;
    }
    return { line, column: Array.from(text.slice(lineStart, offset)).length + 1 };
  };
}
