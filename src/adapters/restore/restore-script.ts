import { dropStatements, identifier } from '../postgres/owned-objects.ts';
import type { DefaultPrivileges } from './default-privileges.ts';
import type { DumpHeader } from './dump-file.ts';

/** What the script needs to know of the database as it is now. */
export interface RestoreTarget {
  /** Our schemas that are there now. */
  readonly schemas: readonly string[];
  /** The role that we act as. */
  readonly role: string;
  readonly defaults: DefaultPrivileges;
}

/** How long a lock is waited for: longer, and the app would wait behind us. */
const lockTimeout = '30s';

/**
 * Returns the lines of a dump's table of contents (`pg_restore --list`) that are restored: what a schema that stays holds, but not that
 * schema itself with its rights; and default privileges of our own role alone, for nobody may set another's.
 */
export function restoredEntries(toc: string, target: RestoreTarget): string {
  const isKept = (line: string) => {
    const entry = /^\d+; \d+ \d+ (.*)$/.exec(line)?.[1];
    if (entry === undefined) return false;
    if (entry.startsWith('DEFAULT ACL ')) return entry.endsWith(` ${target.role}`);
    return !target.schemas.some((schema) =>
      ['SCHEMA - ', 'ACL - SCHEMA ', 'COMMENT - SCHEMA ', 'SECURITY LABEL - SCHEMA '].some((start) =>
        entry.startsWith(`${start}${schema} `),
      ),
    );
  };
  return `${toc.split('\n').filter(isKept).join('\n')}\n`;
}

/** Returns what runs before the dump, in the same transaction: what is in our schemas goes, and schemas that came later go whole. */
export function scriptBefore(header: Pick<DumpHeader, 'schemas'>, target: RestoreTarget): string {
  const stay = target.schemas.filter((schema) => header.schemas.includes(schema));
  const go = target.schemas.filter((schema) => !header.schemas.includes(schema));
  return `begin;
set local lock_timeout = '${lockTimeout}';
set local statement_timeout = 0;
set local client_min_messages = error;
${target.defaults.off.map((statement) => `${statement};\n`).join('')}${go.map((schema) => `drop schema ${identifier(schema)} cascade;\n`).join('')}do $drop$
declare statement text;
begin
  foreach statement in array (${dropStatements(stay)}) loop
    execute statement;
  end loop;
end
$drop$;
`;
}

/** Returns what runs after the dump: what went although it lies outside of our schemas, and checksums of what is not applied any more. */
export function scriptAfter(header: Pick<DumpHeader, 'outside'>, target: Pick<RestoreTarget, 'defaults'>): string {
  return `
${target.defaults.on.map((statement) => `${statement};\n`).join('')}${header.outside.map(({ sql }) => `${sql};\n`).join('')}do $checksums$
begin
  if to_regclass('jv_staging.migration_checksums') is not null and to_regclass('supabase_migrations.schema_migrations') is not null then
    delete from jv_staging.migration_checksums where version not in (select version from supabase_migrations.schema_migrations);
  end if;
end
$checksums$;
notify pgrst, 'reload schema';
commit;
`;
}
