import type { ParsedMigration, ParsedStatement, StatementEffect } from './effects.ts';
import { widening } from './widening.ts';

/** What a statement means for a database in use, from harmless to what no script takes back. */
export const statementClasses = ['additive', 'locking', 'destructive', 'irreversible'] as const;

/** See `statementClasses`. */
export type StatementClass = (typeof statementClasses)[number];

/** Rows that go with something: those of a table, or the values of one of its columns. */
export interface Loss {
  readonly table: string;
  /** Null when whole rows go. */
  readonly column: string | null;
}

/** A statement with its class. */
export interface ClassifiedStatement {
  readonly line: number;
  readonly column: number;
  readonly text: string;
  readonly class: StatementClass;
  /** Why it is of this class: `drops column public.users.name`; null for an additive one. */
  readonly reason: string | null;
  /** What of the rows that are there it may lose. */
  readonly losses: readonly Loss[];
}

/** A migration file with the classes of its statements. */
export interface ClassifiedMigration {
  readonly version: string;
  readonly file: string;
  readonly statements: readonly ClassifiedStatement[];
  /** The gravest class of its statements. */
  readonly class: StatementClass;
  readonly noTransaction: boolean;
  /** Why its author lets it destroy something, or null. */
  readonly allowDestructive: string | null;
}

interface Judged {
  readonly class: StatementClass;
  readonly reason: string | null;
  readonly losses?: readonly Loss[];
}

/** What is known while files are read in order. */
interface Known {
  /** Column types by `public.users.name`, from the files read so far. */
  readonly types: Map<string, string>;
  /** What this file made up to here, as `table public.users`; tables stand in `tables`, too. */
  readonly made: Set<string>;
  readonly tables: Set<string>;
  /** Columns that this file gave a default. */
  readonly defaults: Set<string>;
  /** What this file makes anywhere. */
  readonly makes: ReadonlySet<string>;
}

/**
 * Returns the files with the class of each statement. They come in order of version: what earlier files say of a column's type tells
 * whether a new type is narrower. What a file makes itself nobody uses yet, so changing it again is harmless.
 */
export function classifyMigrations(files: readonly ParsedMigration[]): readonly ClassifiedMigration[] {
  const types = new Map<string, string>();
  return files.map((file) => classifyFile(file, types));
}

/** Returns the graver of two classes. */
export function graver(left: StatementClass, right: StatementClass): StatementClass {
  return statementClasses.indexOf(left) < statementClasses.indexOf(right) ? right : left;
}

function classifyFile({ file, statements, directives }: ParsedMigration, types: Map<string, string>): ClassifiedMigration {
  const makes = new Set(
    statements.flatMap(({ effects }) => effects.flatMap((each) => (each.effect === 'creates' ? [`${each.what} ${each.name}`] : []))),
  );
  const known: Known = { types, made: new Set(), tables: new Set(), defaults: new Set(), makes };
  const classified = statements.map((statement) => classifyStatement(statement, known));
  return {
    version: file.version,
    file: file.file,
    statements: classified,
    class: classified.map((statement) => statement.class).reduce(graver, 'additive'),
    noTransaction: directives.noTransaction,
    allowDestructive: directives.allowDestructive ?? null,
  };
}

function classifyStatement({ text, line, column, effects }: ParsedStatement, known: Known): ClassifiedStatement {
  const judged = effects.map((effect) => {
    const found = judge(effect, known);
    learn(effect, known);
    return found;
  });
  const worst = judged.map((each) => each.class).reduce(graver, 'additive');
  const reasons = judged.filter((each) => each.class === worst).flatMap(({ reason }) => (reason === null ? [] : [reason]));
  return {
    line,
    column,
    text,
    class: worst,
    reason: reasons.length === 0 ? null : [...new Set(reasons)].join('; '),
    losses: judged.flatMap(({ losses = [] }) => losses),
  };
}

const harmless: Judged = { class: 'additive', reason: null };

function judge(effect: StatementEffect, known: Known): Judged {
  if ('table' in effect && effect.table !== undefined && known.tables.has(effect.table)) return harmless;
  switch (effect.effect) {
    case 'creates':
    case 'sets-default':
      return harmless;
    case 'drops':
      return judgeDrop(effect, known);
    case 'empties':
      return { class: 'destructive', reason: `empties ${effect.table}`, losses: [{ table: effect.table, column: null }] };
    case 'deletes':
      return { class: 'destructive', reason: `deletes rows of ${effect.table}`, losses: [{ table: effect.table, column: null }] };
    case 'updates':
      return { class: 'irreversible', reason: `overwrites values in ${effect.table}` };
    case 'renames':
      if (known.made.has(`${effect.what} ${effect.name}`)) return harmless;
      return { class: 'destructive', reason: `renames ${effect.what} ${effect.name}, which code in use knows by that name` };
    case 'adds-column':
      return judgeColumn(effect);
    case 'sets-type':
      return judgeType(effect, known);
    case 'requires-value':
      return known.defaults.has(`${effect.table}.${effect.column}`)
        ? { class: 'locking', reason: `reads all of ${effect.table} to see that ${effect.column} holds no null` }
        : { class: 'destructive', reason: `${effect.table}.${effect.column} takes no null any more and gets no default` };
    case 'holds':
      return { class: 'locking', reason: `${effect.doing}: others wait for ${effect.table} meanwhile` };
    case 'revokes':
      return effect.names.every((name) => isMadeHere(name, known))
        ? harmless
        : { class: 'destructive', reason: `takes rights on ${effect.names.join(', ')} away that code in use may need` };
    case 'adds-value':
      return { class: 'irreversible', reason: `adds a value to ${effect.name}, which Postgres cannot take out again` };
    case 'runs-code':
      return { class: 'irreversible', reason: `runs ${effect.what}, whose effect the parser cannot see` };
  }
}

function judgeDrop(effect: Extract<StatementEffect, { effect: 'drops' }>, { made, makes }: Known): Judged {
  const key = `${effect.what} ${effect.name}`;
  // What holds no rows and is made again in the same transaction was only replaced.
  if (made.has(key) || (effect.table === undefined && makes.has(key))) return harmless;
  const losses = effect.table === undefined ? [] : [{ table: effect.table, column: effect.column ?? null }];
  return { class: 'destructive', reason: `drops ${key}`, losses };
}

function judgeColumn(effect: Extract<StatementEffect, { effect: 'adds-column' }>): Judged {
  const name = `${effect.table}.${effect.column}`;
  if (effect.isRequired) return { class: 'destructive', reason: `${name} takes no null and has no default` };
  return effect.rewrites === undefined
    ? harmless
    : { class: 'locking', reason: `${effect.rewrites}: every row of ${effect.table} is written again while others wait` };
}

function judgeType({ table, column, type }: Extract<StatementEffect, { effect: 'sets-type' }>, { types }: Known): Judged {
  const old = types.get(`${table}.${column}`);
  const change = widening(old, type);
  if (change === 'free') return harmless;
  const words = `${table}.${column} from ${old ?? 'a type that no migration before tells'} to ${type}`;
  if (change === 'rewrites') return { class: 'locking', reason: `changes ${words}: every row is written again while others wait` };
  return { class: 'destructive', reason: `narrows ${words}`, losses: [{ table, column }] };
}

function isMadeHere(name: string, { made }: Known): boolean {
  return [...made].some((key) => key.endsWith(` ${name}`));
}

function learn(effect: StatementEffect, known: Known): void {
  const { types, made, tables, defaults } = known;
  switch (effect.effect) {
    case 'creates':
      made.add(`${effect.what} ${effect.name}`);
      if (effect.what === 'table') tables.add(effect.name);
      return;
    case 'adds-column':
      types.set(`${effect.table}.${effect.column}`, effect.type);
      // A required one is judged where it is added.
      defaults.add(`${effect.table}.${effect.column}`);
      made.add(`column ${effect.table}.${effect.column}`);
      return;
    case 'sets-type':
      types.set(`${effect.table}.${effect.column}`, effect.type);
      return;
    case 'sets-default':
      defaults.add(`${effect.table}.${effect.column}`);
      return;
    case 'renames':
      learnRename(effect, known);
      return;
    default:
      return;
  }
}

/** What is known of a thing is known of it by its new name. */
function learnRename({ what, table, column, to }: Extract<StatementEffect, { effect: 'renames' }>, known: Known): void {
  if (table === undefined || to === undefined || (column === undefined && what !== 'table')) return;
  const [old, next] = column === undefined ? [table, `${table.split('.')[0]}.${to}`] : [`${table}.${column}`, `${table}.${to}`];
  const renamed = (name: string) => (name === old ? next : name.startsWith(`${old}.`) ? `${next}${name.slice(old.length)}` : undefined);
  const moved = (names: Iterable<string>) =>
    [...names].flatMap((key) => {
      const at = key.lastIndexOf(' ') + 1;
      const now = renamed(key.slice(at));
      return now === undefined ? [] : [[key, `${key.slice(0, at)}${now}`] as const];
    });
  for (const [before, after] of moved(known.types.keys())) {
    known.types.set(after, known.types.get(before) ?? '');
    known.types.delete(before);
  }
  for (const names of [known.tables, known.defaults, known.made]) {
    for (const [before, after] of moved(names)) {
      names.delete(before);
      names.add(after);
    }
  }
}
