import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node } from 'libpg-query';
import type { StatementEffect } from '../../../core/migrate/effects.ts';
import { relationName, texts, typeText } from './names.ts';

/** Functions whose value is one for the whole statement: a default of them is stored once, no row is written (contain_volatile_functions). */
const stable = ['now', 'current_setting', 'transaction_timestamp', 'statement_timestamp', 'to_tsvector', 'timezone'];

/** Types that bring a default of their own. */
const serials = ['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8'];

/** Changes of a table that read or write all of it while others wait (https://www.postgresql.org/docs/17/sql-altertable.html, read 2026-11-26). */
const holding: Readonly<Record<string, string>> = {
  AT_SetLogged: 'writes the table again to log it',
  AT_SetUnLogged: 'writes the table again without a log',
  AT_SetTableSpace: 'moves the table',
  AT_SetAccessMethod: 'writes the table again',
  AT_ClusterOn: 'orders the table',
  AT_AttachPartition: 'reads the partition',
  AT_SetExpression: 'writes the table again',
};

/** Returns what an `ALTER TABLE` does; of views, sequences and indexes it is harmless. */
export function alterTableEffects({ relation, cmds, objtype }: AlterTableStmt): readonly StatementEffect[] {
  const table = relationName(relation);
  if (objtype !== undefined && objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_FOREIGN_TABLE') return [];
  return (cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? commandEffects(table, node.AlterTableCmd) : []));
}

function commandEffects(table: string, { subtype, name = '', def }: AlterTableCmd): readonly StatementEffect[] {
  switch (subtype) {
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def ? addedColumn(table, def.ColumnDef) : [];
    case 'AT_DropColumn':
      return [{ effect: 'drops', what: 'column', name: `${table}.${name}`, table, column: name }];
    case 'AT_AlterColumnType': {
      const type = typeText(def !== undefined && 'ColumnDef' in def ? def.ColumnDef.typeName : undefined);
      return [{ effect: 'sets-type', table, column: name, type }];
    }
    case 'AT_SetNotNull':
      return [{ effect: 'requires-value', table, column: name }];
    case 'AT_ColumnDefault':
      return def === undefined ? [] : [{ effect: 'sets-default', table, column: name }];
    case 'AT_DropConstraint':
      return [{ effect: 'drops', what: 'constraint', name: `${table}: ${name}` }];
    case 'AT_AddConstraint':
      return def !== undefined && 'Constraint' in def ? addedConstraint(table, def.Constraint) : [];
    case 'AT_DetachPartition':
      return [{ effect: 'renames', what: 'partition of', name: table, table }];
    case 'AT_DisableRowSecurity':
      return [{ effect: 'revokes', names: [table] }];
    default: {
      const doing = holding[subtype ?? ''];
      return doing === undefined ? [] : [{ effect: 'holds', table, doing }];
    }
  }
}

function addedColumn(table: string, column: ColumnDef): readonly StatementEffect[] {
  const constraints = (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
  const has = (...types: readonly string[]) => constraints.some(({ contype }) => types.includes(contype ?? ''));
  const type = typeText(column.typeName);
  const isSerial = serials.includes(type);
  const fills = has('CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED') || isSerial;
  return [
    {
      effect: 'adds-column',
      table,
      column: column.colname ?? '',
      type,
      isRequired: has('CONSTR_NOTNULL', 'CONSTR_PRIMARY') && !fills,
      rewrites: rewriteReason(constraints, isSerial),
    },
    ...(has('CONSTR_UNIQUE', 'CONSTR_PRIMARY') ? [{ effect: 'holds', table, doing: 'builds an index' } as const] : []),
  ];
}

function rewriteReason(constraints: readonly Constraint[], isSerial: boolean): string | undefined {
  if (isSerial) return 'gives every row a number';
  for (const { contype, raw_expr: expression } of constraints) {
    if (contype === 'CONSTR_IDENTITY') return 'gives every row a number';
    if (contype === 'CONSTR_GENERATED') return 'computes a value for every row';
    if (contype === 'CONSTR_DEFAULT' && callsVolatile(expression)) return 'calls a function for every row';
  }
  return undefined;
}

/** True when an expression calls a function that is not known to give one value for the whole statement. */
function callsVolatile(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false;
  if ('FuncCall' in tree && isCall(tree.FuncCall) && !stable.includes(texts(tree.FuncCall.funcname).at(-1) ?? '')) return true;
  return Object.values(tree).some(callsVolatile);
}

function isCall(value: unknown): value is { readonly funcname: readonly Node[] } {
  return typeof value === 'object' && value !== null && 'funcname' in value && Array.isArray(value.funcname);
}

function addedConstraint(
  table: string,
  { contype, conname, skip_validation: unchecked, indexname }: Constraint,
): readonly StatementEffect[] {
  const made: StatementEffect = { effect: 'creates', what: 'constraint', name: `${table}: ${conname ?? ''}` };
  const holds = (doing: string): readonly StatementEffect[] => [{ effect: 'holds', table, doing }, made];
  switch (contype) {
    case 'CONSTR_CHECK':
    case 'CONSTR_FOREIGN':
    case 'CONSTR_NOTNULL':
      return unchecked === true ? [made] : holds('reads every row to check it (`not valid` and `validate constraint` later would not)');
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      return indexname === undefined ? holds('builds an index (`using index` with one built concurrently would not)') : [made];
    default:
      return [made];
  }
}
