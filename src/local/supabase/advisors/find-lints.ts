import { openPool } from '../connections.ts';
import { performanceLints } from './performance-lints.ts';
import { securityLints } from './security-lints.ts';

/** Which of the two advisors is asked. */
export type AdvisorKind = 'security' | 'performance';

/** A rule of an advisor: what it says, and the query that finds where it is broken. */
export interface LintRule {
  readonly name: string;
  readonly title: string;
  readonly level: 'ERROR' | 'WARN' | 'INFO';
  readonly description: string;
  /** Number of the rule in the platform's documentation of its linter. */
  readonly documentation: string;
  /** Returns a row for each finding: `detail`, `metadata` (json) and `key`, which tells it from the rule's other findings. */
  readonly sql: string;
}

/** A finding, as the platform shows it. */
export interface Lint extends Pick<LintRule, 'name' | 'title' | 'level' | 'description'> {
  readonly facing: 'EXTERNAL';
  readonly categories: readonly ['SECURITY' | 'PERFORMANCE'];
  readonly detail: string;
  readonly remediation: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly cache_key: string;
}

interface Finding {
  readonly detail: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly key: string;
}

/** Asks the catalog of a database for everything that an advisor's rules find, in the order of the rules. */
export async function findLints(superuserUrl: string, kind: AdvisorKind): Promise<readonly Lint[]> {
  const rules = kind === 'security' ? securityLints : performanceLints;
  const sql = openPool(superuserUrl, 1, { connection: { default_transaction_read_only: true, search_path: 'pg_catalog' } });
  try {
    const found: Lint[] = [];
    for (const rule of rules) {
      const findings = await sql.unsafe<Finding[]>(rule.sql);
      found.push(...findings.map((finding) => lint(rule, finding, kind)));
    }
    return found;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function lint(rule: LintRule, finding: Finding, kind: AdvisorKind): Lint {
  const { name, title, level, description } = rule;
  return {
    name,
    title,
    level,
    facing: 'EXTERNAL',
    categories: [kind === 'security' ? 'SECURITY' : 'PERFORMANCE'],
    description,
    detail: finding.detail,
    remediation: `https://supabase.com/docs/guides/database/database-linter?lint=${rule.documentation}_${name}`,
    metadata: finding.metadata,
    cache_key: `${name}_${finding.key}`,
  };
}
