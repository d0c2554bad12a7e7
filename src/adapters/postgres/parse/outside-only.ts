import type { Node } from 'libpg-query';

/**
 * Returns what a statement is called that Postgres refuses in a transaction (SQLSTATE 25001), or undefined. Each was tried with Postgres 15
 * (test/contract/outside-statements.test.ts), but for tablespaces, which are made and dropped alike; what is not here Postgres refuses itself when it is run.
 */
export function outsideOnly(node: Node): string | undefined {
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true ? 'VACUUM' : undefined;
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true ? 'CREATE INDEX CONCURRENTLY' : undefined;
  if ('DropStmt' in node) return node.DropStmt.concurrent === true ? 'DROP INDEX CONCURRENTLY' : undefined;
  if ('ReindexStmt' in node) return reindex(node.ReindexStmt);
  if ('AlterTableStmt' in node) return detaches(node.AlterTableStmt.cmds) ? 'DETACH PARTITION CONCURRENTLY' : undefined;
  return plain.find(([kind]) => kind in node)?.[1];
}

const plain: readonly (readonly [string, string])[] = [
  ['CreatedbStmt', 'CREATE DATABASE'],
  ['DropdbStmt', 'DROP DATABASE'],
  ['CreateTableSpaceStmt', 'CREATE TABLESPACE'],
  ['DropTableSpaceStmt', 'DROP TABLESPACE'],
  ['AlterSystemStmt', 'ALTER SYSTEM'],
];

function reindex({ kind, params }: Extract<Node, { ReindexStmt: unknown }>['ReindexStmt']): string | undefined {
  if ((params ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === 'concurrently')) return 'REINDEX CONCURRENTLY';
  const whole = {
    REINDEX_OBJECT_SCHEMA: 'REINDEX SCHEMA',
    REINDEX_OBJECT_SYSTEM: 'REINDEX SYSTEM',
    REINDEX_OBJECT_DATABASE: 'REINDEX DATABASE',
  };
  return Object.entries(whole).find(([name]) => name === kind)?.[1];
}

function detaches(commands: readonly Node[] | undefined): boolean {
  return (commands ?? []).some((each) => {
    if (!('AlterTableCmd' in each) || each.AlterTableCmd.subtype !== 'AT_DetachPartition') return false;
    const { def } = each.AlterTableCmd;
    return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true;
  });
}
