import type { Cluster } from './cluster.ts';
import { connectionUrl, openPool, ownerRole, type Sql } from './connections.ts';
import type { Project } from './project.ts';

/** The history of migrations as the CLI has it, with what the Management API adds. Run as the project's owner. */
export const migrationTableSql = `
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text not null primary key, statements text[], name text);
alter table supabase_migrations.schema_migrations
  add column if not exists created_by text, add column if not exists idempotency_key text unique, add column if not exists rollback text[];
`;

interface Applied {
  readonly version: string;
  readonly name: string | null;
  readonly statements: readonly string[];
}

/**
 * Applies to one project the migrations that another has and it lacks, oldest first, each in a transaction with its record. Throws
 * what the database says about the first that fails; those before it stay.
 */
export async function replayMigrations(cluster: Cluster, from: Project, to: Project): Promise<void> {
  const source = ownerPool(cluster, from);
  const target = ownerPool(cluster, to);
  try {
    const applied = await appliedIn(source);
    if (applied.length === 0) return;
    await target.unsafe(migrationTableSql);
    const known = new Set((await appliedIn(target)).map((migration) => migration.version));
    for (const migration of applied.filter(({ version }) => !known.has(version))) {
      await target.begin(async (transaction) => {
        await transaction.unsafe(migration.statements.join(';\n'));
        await transaction`insert into supabase_migrations.schema_migrations (version, name, statements)
          values (${migration.version}, ${migration.name}, ${[...migration.statements]}::text[])`;
      });
    }
  } finally {
    await Promise.all([source.end({ timeout: 1 }), target.end({ timeout: 1 })]);
  }
}

async function appliedIn(sql: Sql): Promise<readonly Applied[]> {
  const [table] = await sql`select to_regclass('supabase_migrations.schema_migrations') as found`;
  if (table?.['found'] === null) return [];
  return sql<Applied[]>`select version, name, coalesce(statements, '{}') as statements
    from supabase_migrations.schema_migrations order by version`;
}

/** Opens a connection as the project's owner. */
export function ownerPool(cluster: Cluster, project: Project): Sql {
  return openPool(connectionUrl(ownerRole(project.ref), project.password, cluster.server.port, project.ref), 1);
}
