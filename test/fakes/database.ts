import { migrationStatements } from '../../src/adapters/postgres/migrations/statements.ts';
import { StagingError } from '../../src/core/errors.ts';
import type { MigrationProof } from '../../src/core/migrate/proof.ts';
import type { NoticeState } from '../../src/core/notify/notice.ts';
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
  const proofs: MigrationProof[] = [];
  const notices = new Map<string, NoticeState>();
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
      const statements = await migrationStatements(migration);
      for (const statement of statements) change(tables, statement.text);
      applied.push({ version: migration.version, name: migration.name, checksum: migration.checksum });
    },
    reverseMigration: async (down) => {
      const index = applied.findIndex((each) => each.version === down.version);
      if (index < 0) return;
      if (index !== applied.length - 1)
        throw new StagingError('refused', 'MIGRATION_NOT_NEWEST', `${down.file} is not the newest applied migration.`);
      for (const statement of await migrationStatements(down)) change(tables, statement.text);
      applied.splice(index, 1);
    },
    settle: async () => undefined,
    ownTables: async () => [...tables.keys()].toSorted().map((name) => `public.${name}`),
    dropOwned: async () => {
      tables.clear();
      applied.splice(0);
    },
    dirtyMigrations: async () => [],
    invalidIndexes: async () => [],
    rowsAtStake: async (losses) => losses.map((loss) => ({ ...loss, rows: tables.has(loss.table.replace(/^public\./, '')) ? 0 : null })),
    proofs: async () => [...proofs],
    noticeState: async (environment) => notices.get(environment),
    keepNoticeState: async (environment, state) => void notices.set(environment, state),
    keepProofs: async (kept) => {
      for (const proof of kept) {
        const same = proofs.findIndex((each) => each.upChecksum === proof.upChecksum && each.downChecksum === proof.downChecksum);
        proofs.splice(same < 0 ? proofs.length : same, same < 0 ? 0 : 1, proof);
      }
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
    resealReleases: async (records) => {
      for (const [at, release] of releases.entries()) {
        const sealed = records.findLast(({ id }) => id === release.id);
        if (sealed === undefined) continue;
        const { envFingerprints, envSnapshot } = sealed;
        releases[at] = { ...release, envFingerprints, envSnapshot };
      }
    },
    writeMark: async () => '1',
    rowsWrittenSince: async () => 0,
    close: async () => undefined,
  };
}

function change(tables: Map<string, TableProtection>, sql: string): void {
  const created = /create table (?:if not exists )?(?:public\.)?(\w+)/i.exec(sql)?.[1];
  const secured = /alter table (?:public\.)?(\w+) enable row level security/i.exec(sql)?.[1];
  const policed = /create policy .* on (?:public\.)?(\w+)/i.exec(sql)?.[1];
  const dropped = /drop table (?:if exists )?(?:public\.)?(\w+)/i.exec(sql)?.[1];
  if (dropped !== undefined) tables.delete(dropped);
  if (created !== undefined) tables.set(created, { schema: 'public', table: created, rowSecurity: false, policies: 0 });
  const [security, policy] = [tables.get(secured ?? ''), tables.get(policed ?? '')];
  if (security !== undefined) tables.set(security.table, { ...security, rowSecurity: true });
  if (policy !== undefined) tables.set(policy.table, { ...policy, policies: policy.policies + 1 });
}
