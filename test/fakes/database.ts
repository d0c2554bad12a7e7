import { splitSql } from '../../src/adapters/postgres/sql-statements.ts';
import { textPosition } from '../../src/adapters/postgres/text-position.ts';
import { StagingError } from '../../src/core/errors.ts';
import type { AppliedMigration, Database, TableProtection } from '../../src/core/ports/database.ts';
import type { ReleaseRecord } from '../../src/core/release/release.ts';

/** A database in memory. */
export interface FakeDatabase extends Database {
  readonly applied: AppliedMigration[];
  readonly history: ReleaseRecord[];
  /** What marks it as some environment's, and what its triggers call. */
  readonly says: { environments: readonly string[]; webhooks: readonly string[] };
}

/**
 * Returns a database in memory. Of SQL it understands what Postgres's parser does (a syntax error fails the whole file), and of the
 * catalog `create table`, `enable row level security` and `create policy` in the schema public.
 */
export function fakeDatabase(history: readonly ReleaseRecord[] = []): FakeDatabase {
  const applied: AppliedMigration[] = [];
  const releases = [...history];
  const tables = new Map<string, TableProtection>();
  const says: FakeDatabase['says'] = { environments: [], webhooks: [] };
  return {
    applied,
    history: releases,
    says,
    identity: async () => ({
      ...says,
      environments: [...new Set([...says.environments, ...releases.map((each) => each.environment)])].toSorted(),
    }),
    ping: async () => 'PostgreSQL 15 (fake)',
    appliedMigrations: async () => [...applied],
    applyMigration: async (migration) => {
      const known = applied.find((each) => each.version === migration.version);
      if (known !== undefined) {
        if (known.checksum === migration.checksum) return;
        throw new StagingError('red', 'MIGRATION_EDITED', `${migration.file} was applied with other content.`);
      }
      const split = await splitSql(migration.sql);
      if (split.kind === 'syntax-error') {
        const { line, column } = textPosition(migration.sql, split.offset);
        throw new StagingError('red', 'MIGRATION_FAILED', `${migration.file}:${line}:${column} failed: ${split.message}.`, {
          data: { file: migration.file, line, column },
        });
      }
      const control = split.statements.find((statement) => statement.node === 'TransactionStmt');
      if (control !== undefined)
        throw new StagingError('red', 'MIGRATION_TRANSACTION_CONTROL', `${migration.file} controls the transaction itself.`);
      for (const statement of split.statements) change(tables, statement.text);
      applied.push({ version: migration.version, name: migration.name, checksum: migration.checksum });
    },
    tableProtection: async () => [...tables.values()].toSorted((left, right) => (left.table < right.table ? -1 : 1)),
    releases: async (environment) => releases.filter((record) => record.environment === environment),
    appendRelease: async (record) => {
      if (releases.some((each) => each.id === record.id)) return;
      const newest = releases.findLast((each) => each.environment === record.environment)?.id ?? null;
      if (newest !== record.previous)
        throw new StagingError('locked', 'RELEASE_CONFLICT', `Another run wrote release ${newest ?? 'none'} meanwhile.`);
      releases.push(record);
    },
    close: async () => undefined,
  };
}

function change(tables: Map<string, TableProtection>, sql: string): void {
  const created = /create table (?:if not exists )?(?:public\.)?(\w+)/i.exec(sql)?.[1];
  const secured = /alter table (?:public\.)?(\w+) enable row level security/i.exec(sql)?.[1];
  const policed = /create policy .* on (?:public\.)?(\w+)/i.exec(sql)?.[1];
  if (created !== undefined) tables.set(created, { schema: 'public', table: created, rowSecurity: false, policies: 0 });
  const [security, policy] = [tables.get(secured ?? ''), tables.get(policed ?? '')];
  if (security !== undefined) tables.set(security.table, { ...security, rowSecurity: true });
  if (policy !== undefined) tables.set(policy.table, { ...policy, policies: policy.policies + 1 });
}
