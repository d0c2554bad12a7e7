import { clip } from '../problem.ts';
import type { StatementTotals, TableRows, UnindexedKey } from '../ports/database-insight.ts';
import type { Finding } from '../verdict.ts';
import { formatMs } from './judge.ts';

/** From when on a database's own figures are red. */
export interface DatabaseBudgets {
  /** Mean time of a statement, in milliseconds, must be strictly below this. */
  readonly statementMs: number;
  /** A foreign key without an index is red from so many rows of its table on: below, a scan costs nothing. */
  readonly unindexedRows: number;
  /** Share of dead rows (0 to 1) must be strictly below this, in tables of `deadRows` dead rows and more. */
  readonly deadShare: number;
  readonly deadRows: number;
}

/** What was seen of the database; what could not be read is undefined, with the reason. */
export interface DatabaseEvidence {
  /** Statements that ran while perf measured, slowest mean first. */
  readonly statements: readonly StatementTotals[] | undefined;
  readonly unindexedKeys: readonly UnindexedKey[];
  readonly tableRows: readonly TableRows[];
  readonly unread?: string | undefined;
}

/** Statements that are named. */
const named = 5;

/** Returns the statements that ran between two looks, with what they took in between, the slowest mean first. */
export function statementsBetween(before: readonly StatementTotals[], after: readonly StatementTotals[]): readonly StatementTotals[] {
  const earlier = new Map(before.map((statement) => [statement.id, statement]));
  return after
    .map((statement) => {
      const was = earlier.get(statement.id);
      // Counters that fell were reset in between.
      if (was === undefined || was.calls > statement.calls) return statement;
      return { ...statement, calls: statement.calls - was.calls, totalMs: statement.totalMs - was.totalMs };
    })
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => meanMs(b) - meanMs(a));
}

/** Returns the mean time of a statement. */
export function meanMs({ calls, totalMs }: Pick<StatementTotals, 'calls' | 'totalMs'>): number {
  return calls === 0 ? 0 : totalMs / calls;
}

/** Returns the findings over slow statements, foreign keys without an index, and dead rows. */
export function judgeDatabase(evidence: DatabaseEvidence, budgets: DatabaseBudgets): readonly Finding[] {
  if (evidence.unread !== undefined) return [unreadable(evidence.unread)];
  return [
    judgeStatements(evidence.statements, budgets),
    judgeKeys(evidence.unindexedKeys, budgets),
    judgeBloat(evidence.tableRows, budgets),
  ];
}

function judgeStatements(statements: readonly StatementTotals[] | undefined, { statementMs }: DatabaseBudgets): Finding {
  const finding = { id: 'database-statements', title: 'Slowest statements', expected: `mean < ${statementMs} ms` };
  if (statements === undefined) {
    return {
      ...finding,
      verdict: 'inconclusive',
      seen: 'not counted',
      message: 'The extension pg_stat_statements is not installed, so that nothing is known of statements.',
      fix: 'Run `create extension pg_stat_statements with schema extensions;` in a migration.',
    };
  }
  const [slowest] = statements;
  if (slowest === undefined) return { ...finding, verdict: 'green', seen: 'no statement ran' };
  const slow = statements.filter((statement) => meanMs(statement) >= statementMs);
  const seen = `${formatMs(meanMs(slowest))} over ${slowest.calls} calls: ${clip(slowest.text)}`;
  if (slow.length === 0) return { ...finding, verdict: 'green', seen };
  const others = slow.slice(1, named).map((statement) => `${formatMs(meanMs(statement))}: ${clip(statement.text)}`);
  return {
    ...finding,
    verdict: 'red',
    seen: [seen, ...others].join('; '),
    message: `${slow.length} statements took ${statementMs} ms and more on average.`,
    fix: 'Run `explain (analyze, buffers)` on it, and look for a sequential scan that an index would spare.',
  };
}

function judgeKeys(keys: readonly UnindexedKey[], { unindexedRows }: DatabaseBudgets): Finding {
  const finding = {
    id: 'database-indexes',
    title: 'Foreign keys without an index',
    expected: `none in a table of ${unindexedRows} rows and more`,
  };
  const large = keys.filter(({ rows }) => rows >= unindexedRows);
  const [first] = large;
  const list = (shown: readonly UnindexedKey[]) =>
    shown
      .slice(0, named)
      .map(({ table, columns }) => `${table} (${columns.join(', ')})`)
      .join(', ');
  if (first === undefined)
    return { ...finding, verdict: 'green', seen: keys.length === 0 ? 'none' : `only in small tables: ${list(keys)}` };
  return {
    ...finding,
    verdict: 'red',
    seen: list(large),
    message: 'Each change of a row that is referred to reads these tables from end to end.',
    fix: `Run \`create index concurrently on ${first.table} (${first.columns.join(', ')});\` in a migration.`,
  };
}

function judgeBloat(tables: readonly TableRows[], { deadShare, deadRows }: DatabaseBudgets): Finding {
  const share = ({ live, dead }: TableRows) => (live + dead === 0 ? 0 : dead / (live + dead));
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const finding = { id: 'database-bloat', title: 'Dead rows', expected: `< ${percent(deadShare)} where there are ${deadRows} and more` };
  const worst = tables.toSorted((a, b) => b.dead - a.dead);
  const bloated = worst.filter((table) => table.dead >= deadRows && share(table) >= deadShare);
  const shown = (table: TableRows) => `${table.table}: ${table.dead} dead rows (${percent(share(table))})`;
  const [most] = worst;
  const [first] = bloated;
  if (first === undefined)
    return { ...finding, verdict: 'green', seen: most === undefined || most.dead === 0 ? 'none' : `most in ${shown(most)}` };
  return {
    ...finding,
    verdict: 'red',
    seen: bloated.slice(0, named).map(shown).join('; '),
    message: 'The server does not come to clean up: every scan of these tables reads what is gone as well.',
    fix: `Run \`vacuum (verbose) ${first.table};\` and look for a transaction that stays open.`,
  };
}

function unreadable(why: string): Finding {
  return {
    id: 'database-statements',
    title: 'The database from inside',
    verdict: 'inconclusive',
    seen: 'not read',
    expected: 'statements, indexes and dead rows',
    message: why,
    fix: 'Run `jv-staging doctor`, then `jv-staging perf` again.',
  };
}
