import type { RowOutcome } from '../ports/probes.ts';
import { clip, findingOf, type Problem } from '../problem.ts';
import type { TableProtection } from '../ports/database.ts';
import type { DatabaseCheck } from './smoke.ts';
import type { Finding } from '../verdict.ts';

/** One thing that was tried with the canary row. */
export interface RowAttempt {
  /** For people: `anon`, `the service role`, an e-mail address. */
  readonly who: string;
  readonly action: 'write' | 'read' | 'delete';
  /** `may`: it must come to exactly one row; `must-not`: to a refusal, or to no row. */
  readonly expected: 'may' | 'must-not';
  readonly outcome: RowOutcome;
}

/** What the database check found out. */
export interface CanaryOutcome {
  readonly attempts: readonly RowAttempt[];
  readonly tables: readonly TableProtection[];
  /** Says what of the canary could not be removed again, or undefined. */
  readonly left?: string | undefined;
  readonly durationMs: number;
}

/** Judges what each role could do with the canary row, and that no table is without row level security. */
export function judgeDatabase(check: DatabaseCheck, { attempts, tables, left, durationMs }: CanaryOutcome): Finding {
  const problems = [
    ...attempts.flatMap((attempt) => attemptProblem(check.table, attempt)),
    ...tables.filter((table) => !table.rowSecurity).map(openTable),
    ...(tables.length === 0 ? [noTables] : []),
    ...(left === undefined ? [] : [leftBehind(check.table, left)]),
  ];
  const may = attempts.filter(({ expected }) => expected === 'may').length;
  const seen = `${may} allowed and ${attempts.length - may} refused as they must be; row level security on ${tables.length} tables`;
  return findingOf({ ...check, seen, expected: `${check.table} open to whom it belongs, closed to others`, problems, durationMs });
}

function attemptProblem(table: string, { who, action, expected, outcome }: RowAttempt): readonly Problem[] {
  const what = `${who} ${action}s a row of ${table}`;
  if (expected === 'must-not') {
    if (outcome.kind === 'refused' || (outcome.kind === 'rows' && outcome.rows.length === 0)) return [];
    if (outcome.kind === 'failed') return [failedAttempt(table, who, action, outcome.message)];
    return [
      {
        seen: what,
        expected: `${who} refused`,
        message: `${capital(who)} could ${action} a row of ${table} that is not theirs to ${action}.`,
        fix: `Enable row level security on ${table} and mend its policies and grants in a migration, then run \`jv-staging deploy\`.`,
      },
    ];
  }
  if (outcome.kind === 'rows' && outcome.rows.length === 1) return [];
  if (outcome.kind === 'failed') return [failedAttempt(table, who, action, outcome.message)];
  const why = outcome.kind === 'refused' ? `refused (${clip(outcome.message, 120)})` : `${outcome.rows.length} rows instead of 1`;
  return [
    {
      seen: `${who}, ${action}: ${why}`,
      expected: what,
      message: `${capital(who)} could not ${action} the canary row of ${table}: ${why}.`,
      fix: `Check the grants and the row level security of ${table}, and that the row of the check is one that the user may write.`,
    },
  ];
}

function failedAttempt(table: string, who: string, action: string, said: string): Problem {
  const why = clip(said, 160);
  return {
    seen: `${who}, ${action}: ${why}`,
    expected: 'an answer of the database',
    message: `The database did not let ${who} ${action} a row of ${table}: ${why}.`,
    fix: 'Check that the database takes writes (Supabase dashboard, Database), and the row of the check.',
  };
}

function openTable({ schema, table }: TableProtection): Problem {
  return {
    seen: `${schema}.${table} without row level security`,
    expected: 'row level security on every exposed table',
    message: `The table ${schema}.${table} is exposed without row level security: whoever has a grant sees every row.`,
    fix: `Run \`alter table ${schema}.${table} enable row level security\` in a migration, with the policies that it needs.`,
  };
}

const noTables: Problem = {
  seen: 'no table',
  expected: 'at least 1 exposed table',
  message: 'The database has no exposed table, so nothing of its protection was tested.',
  fix: 'Run `jv-staging provision`, which applies the migrations.',
};

function leftBehind(table: string, left: string): Problem {
  return {
    seen: `a canary row left in ${table}`,
    expected: 'no row left',
    message: `A canary row of ${table} could not be removed again: ${clip(left, 160)}.`,
    fix: `Remove it by hand from ${table}, and let the service role delete its rows.`,
  };
}

/** An e-mail address stays as it is. */
function capital(text: string): string {
  return text.includes('@') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
