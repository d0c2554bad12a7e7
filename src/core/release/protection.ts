import type { TableProtection } from '../ports/database.ts';

/** What a table can lack: `row-security` leaves it open to whoever has a grant, `policy` closed to all but the service role. */
export const protections = ['row-security', 'policy'] as const;

/** See `protections`. */
export type Protection = (typeof protections)[number];

/** A table that may lack something, and why. */
export interface TableWaiver {
  /** `public.outbox`. */
  readonly table: string;
  readonly without: Protection;
  readonly reason: string;
}

/** What the tables of the exposed schema lack; names as `public.outbox`, in the order of the tables. */
export interface ProtectionFaults {
  readonly withoutRowSecurity: readonly string[];
  /** Row-level security is on, and no policy lets anybody in: a table of the service role alone, or a policy that was forgotten. */
  readonly withoutPolicy: readonly string[];
  /** Waivers that cover nothing (any more). */
  readonly unusedWaivers: readonly TableWaiver[];
}

/** Returns what the tables lack that no waiver covers. A table without row-level security lacks that alone: its policies do nothing. */
export function protectionFaults(tables: readonly TableProtection[], waivers: readonly TableWaiver[]): ProtectionFaults {
  const lacking = tables.flatMap((table) => {
    const without = lackOf(table);
    return without === undefined ? [] : [{ table: `${table.schema}.${table.table}`, without }];
  });
  const covers = (waiver: TableWaiver, { table, without }: Pick<TableWaiver, 'table' | 'without'>) =>
    waiver.table === table && waiver.without === without;
  const open = lacking.filter((lack) => !waivers.some((waiver) => covers(waiver, lack)));
  const named = (without: Protection) => open.filter((lack) => lack.without === without).map(({ table }) => table);
  return {
    withoutRowSecurity: named('row-security'),
    withoutPolicy: named('policy'),
    unusedWaivers: waivers.filter((waiver) => !lacking.some((lack) => covers(waiver, lack))),
  };
}

/** Returns the tables without those that a waiver lets be without row-level security. */
export function withoutWaived(tables: readonly TableProtection[], waivers: readonly TableWaiver[]): readonly TableProtection[] {
  const waived = new Set(waivers.flatMap(({ table, without }) => (without === 'row-security' ? [table] : [])));
  return tables.filter(({ schema, table }) => !waived.has(`${schema}.${table}`));
}

function lackOf({ rowSecurity, policies }: TableProtection): Protection | undefined {
  if (!rowSecurity) return 'row-security';
  return policies === 0 ? 'policy' : undefined;
}
