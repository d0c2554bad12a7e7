import type { MigrationFile } from '../ports/database.ts';

/**
 * What a statement does to what is there already, in our words, as Postgres's parser reads it. Names have their schema (`public` when
 * none is written); parts of a table are named `public.users: owners read`.
 */
export type StatementEffect =
  | { readonly effect: 'creates'; readonly what: string; readonly name: string }
  /** `table` and `column` where rows of a table go with it. */
  | {
      readonly effect: 'drops';
      readonly what: string;
      readonly name: string;
      readonly table?: string | undefined;
      readonly column?: string | undefined;
    }
  | { readonly effect: 'empties' | 'deletes' | 'updates'; readonly table: string }
  /** `table` and `column` where it is one, and `to`: the name that it gets, without schema and table. */
  | {
      readonly effect: 'renames';
      readonly what: string;
      readonly name: string;
      readonly table?: string | undefined;
      readonly column?: string | undefined;
      readonly to?: string | undefined;
    }
  | {
      readonly effect: 'adds-column';
      readonly table: string;
      readonly column: string;
      readonly type: string;
      /** It takes no null and has no default: rows that are there have nothing to put into it. */
      readonly isRequired: boolean;
      /** Why every row is written again, or undefined. */
      readonly rewrites?: string | undefined;
    }
  | { readonly effect: 'sets-type'; readonly table: string; readonly column: string; readonly type: string }
  | { readonly effect: 'sets-default' | 'requires-value'; readonly table: string; readonly column: string }
  /** Others wait for the table while this is done: `builds an index`. */
  | { readonly effect: 'holds'; readonly table: string; readonly doing: string }
  | { readonly effect: 'revokes'; readonly names: readonly string[] }
  | { readonly effect: 'adds-value'; readonly name: string }
  /** Code whose effect cannot be read. */
  | { readonly effect: 'runs-code'; readonly what: string };

/** One statement of a file and what it does. */
export interface ParsedStatement {
  /** The statement itself, without the comments before it. */
  readonly text: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
  /** What Postgres calls it when it refuses it in a transaction: `VACUUM`; undefined for what may run in one. */
  readonly outsideOnly?: string | undefined;
  /** Empty for what changes nothing that is there. */
  readonly effects: readonly StatementEffect[];
}

/** What comments of a file tell this tool. */
export interface MigrationDirectives {
  /** `-- jv:no-transaction` as its first line: its statements are run one by one, outside of a transaction. */
  readonly noTransaction: boolean;
  /** The reason after `-- jv:allow-destructive`, or undefined. */
  readonly allowDestructive?: string | undefined;
}

/** A migration file as Postgres's parser reads it. */
export interface ParsedMigration {
  readonly file: MigrationFile;
  readonly statements: readonly ParsedStatement[];
  readonly directives: MigrationDirectives;
}
