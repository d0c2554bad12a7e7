import type { DropStmt, GrantStmt, Node, RenameStmt, WithClause } from 'libpg-query';
import type { StatementEffect } from '../../../core/migrate/effects.ts';
import { alterTableEffects } from './alter-table.ts';
import { objectName, qualified, relationName, texts, typeText } from './names.ts';

/** Renames that code in use does not notice. */
const quietRenames = ['OBJECT_INDEX', 'OBJECT_TABCONSTRAINT', 'OBJECT_POLICY', 'OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_ROLE'];

/** Parts of a table, named after it in a `DROP`. */
const parts = ['OBJECT_POLICY', 'OBJECT_TRIGGER', 'OBJECT_RULE'];

/** Kinds of which rows go with a `DROP`. */
const holdsRows = ['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE', 'OBJECT_MATVIEW'];

/** Returns what a statement does to what is there already; empty for what changes nothing of it. `DO` blocks are read in `do-block.ts`. */
export function effectsOf(node: Node): readonly StatementEffect[] {
  return definitionEffects(node) ?? rowEffects(node) ?? holdEffects(node) ?? otherEffects(node);
}

function definitionEffects(node: Node): readonly StatementEffect[] | undefined {
  const creates = (what: string, name: string): readonly StatementEffect[] => [{ effect: 'creates', what, name }];
  if ('CreateStmt' in node)
    return [
      ...creates('table', relationName(node.CreateStmt.relation)),
      ...columnTypes(node.CreateStmt.relation, node.CreateStmt.tableElts),
    ];
  if ('CreateTableAsStmt' in node)
    return creates(kindWords(node.CreateTableAsStmt.objtype), relationName(node.CreateTableAsStmt.into?.rel));
  if ('ViewStmt' in node) return creates('view', relationName(node.ViewStmt.view));
  if ('CreateFunctionStmt' in node) {
    return creates(
      node.CreateFunctionStmt.is_procedure === true ? 'procedure' : 'function',
      qualified(texts(node.CreateFunctionStmt.funcname)),
    );
  }
  if ('CreatePolicyStmt' in node)
    return creates('policy', `${relationName(node.CreatePolicyStmt.table)}: ${node.CreatePolicyStmt.policy_name ?? ''}`);
  if ('CreateTrigStmt' in node)
    return creates('trigger', `${relationName(node.CreateTrigStmt.relation)}: ${node.CreateTrigStmt.trigname ?? ''}`);
  if ('RuleStmt' in node) return creates('rule', `${relationName(node.RuleStmt.relation)}: ${node.RuleStmt.rulename ?? ''}`);
  if ('CreateEnumStmt' in node) return creates('type', qualified(texts(node.CreateEnumStmt.typeName)));
  if ('CompositeTypeStmt' in node) return creates('type', relationName(node.CompositeTypeStmt.typevar));
  if ('CreateDomainStmt' in node) return creates('domain', qualified(texts(node.CreateDomainStmt.domainname)));
  if ('CreateSeqStmt' in node) return creates('sequence', relationName(node.CreateSeqStmt.sequence));
  if ('CreateSchemaStmt' in node) return creates('schema', node.CreateSchemaStmt.schemaname ?? '');
  if ('AlterTableStmt' in node) return alterTableEffects(node.AlterTableStmt);
  if ('DropStmt' in node) return dropEffects(node.DropStmt);
  if ('RenameStmt' in node) return renameEffects(node.RenameStmt);
  if ('AlterObjectSchemaStmt' in node) {
    const { objectType, relation, object } = node.AlterObjectSchemaStmt;
    const name = relation === undefined ? qualified(object === undefined ? [] : objectName(object)) : relationName(relation);
    return [{ effect: 'renames', what: kindWords(objectType), name, table: relation === undefined ? undefined : name }];
  }
  return undefined;
}

/** The columns of a new table, for what later files make of their types. */
function columnTypes(relation: Parameters<typeof relationName>[0], elements: readonly Node[] | undefined): readonly StatementEffect[] {
  const table = relationName(relation);
  return (elements ?? []).flatMap((node) =>
    'ColumnDef' in node
      ? [
          {
            effect: 'adds-column',
            table,
            column: node.ColumnDef.colname ?? '',
            type: typeText(node.ColumnDef.typeName),
            isRequired: false,
          } as const,
        ]
      : [],
  );
}

function dropEffects({ objects, removeType = 'OBJECT_TABLE' }: DropStmt): readonly StatementEffect[] {
  return (objects ?? []).map((object) => {
    const names = objectName(object);
    const what = kindWords(removeType);
    if (parts.includes(removeType)) return { effect: 'drops', what, name: `${qualified(names.slice(0, -1))}: ${names.at(-1) ?? ''}` };
    const isBare = 'String' in object;
    const name = isBare ? (names[0] ?? '') : qualified(names);
    return { effect: 'drops', what, name, table: holdsRows.includes(removeType) ? name : undefined };
  });
}

function renameEffects({ renameType = 'OBJECT_TABLE', relation, object, subname, newname }: RenameStmt): readonly StatementEffect[] {
  if (quietRenames.includes(renameType)) return [];
  const table = relation === undefined ? undefined : relationName(relation);
  const base = table ?? qualified(object === undefined ? [] : objectName(object));
  const part = subname === '' ? undefined : subname;
  const name = part === undefined ? base : `${base}.${part}`;
  const column = renameType === 'OBJECT_COLUMN' ? part : undefined;
  return [{ effect: 'renames', what: kindWords(renameType), name, table, column, to: newname }];
}

function rowEffects(node: Node): readonly StatementEffect[] | undefined {
  if ('TruncateStmt' in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((each) =>
      'RangeVar' in each ? [{ effect: 'empties', table: relationName(each.RangeVar) } as const] : [],
    );
  }
  if ('DeleteStmt' in node)
    return [...within(node.DeleteStmt.withClause), { effect: 'deletes', table: relationName(node.DeleteStmt.relation) }];
  if ('UpdateStmt' in node)
    return [...within(node.UpdateStmt.withClause), { effect: 'updates', table: relationName(node.UpdateStmt.relation) }];
  if ('InsertStmt' in node) {
    const { relation, onConflictClause, withClause } = node.InsertStmt;
    const overwrites = onConflictClause?.action === 'ONCONFLICT_UPDATE';
    return [...within(withClause), ...(overwrites ? [{ effect: 'updates', table: relationName(relation) } as const] : [])];
  }
  if ('MergeStmt' in node)
    return [...within(node.MergeStmt.withClause), { effect: 'updates', table: relationName(node.MergeStmt.relation) }];
  if ('SelectStmt' in node) return within(node.SelectStmt.withClause);
  return undefined;
}

/** What the statements of a `WITH` do. */
function within(clause: WithClause | undefined): readonly StatementEffect[] {
  return (clause?.ctes ?? []).flatMap((node) =>
    'CommonTableExpr' in node && node.CommonTableExpr.ctequery !== undefined ? effectsOf(node.CommonTableExpr.ctequery) : [],
  );
}

function holdEffects(node: Node): readonly StatementEffect[] | undefined {
  const holds = (table: string, doing: string): readonly StatementEffect[] => [{ effect: 'holds', table, doing }];
  const isConcurrent = (options: readonly Node[] | undefined) =>
    (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === 'concurrently');
  if ('IndexStmt' in node) {
    const { relation, concurrent, idxname } = node.IndexStmt;
    const made: StatementEffect = { effect: 'creates', what: 'index', name: `${relation?.schemaname ?? 'public'}.${idxname ?? ''}` };
    return concurrent === true ? [made] : [...holds(relationName(relation), 'builds an index (`concurrently` would not)'), made];
  }
  if ('ReindexStmt' in node) {
    return isConcurrent(node.ReindexStmt.params)
      ? []
      : holds(node.ReindexStmt.relation === undefined ? 'all tables' : relationName(node.ReindexStmt.relation), 'builds an index again');
  }
  if ('ClusterStmt' in node) return holds(relationName(node.ClusterStmt.relation), 'writes the table again in order');
  if ('LockStmt' in node)
    return (node.LockStmt.relations ?? []).flatMap((each) =>
      'RangeVar' in each ? holds(relationName(each.RangeVar), 'locks the table') : [],
    );
  if ('RefreshMatViewStmt' in node) {
    return node.RefreshMatViewStmt.concurrent === true
      ? []
      : holds(relationName(node.RefreshMatViewStmt.relation), 'fills the view again (`concurrently` would not)');
  }
  if ('VacuumStmt' in node) {
    const isFull = (node.VacuumStmt.options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === 'full');
    return isFull ? holds('what it cleans', 'writes tables again') : [];
  }
  return undefined;
}

function otherEffects(node: Node): readonly StatementEffect[] {
  if ('GrantStmt' in node) return grantEffects(node.GrantStmt);
  if ('AlterEnumStmt' in node) {
    const name = qualified(texts(node.AlterEnumStmt.typeName));
    return node.AlterEnumStmt.oldVal === undefined || node.AlterEnumStmt.oldVal === ''
      ? [{ effect: 'adds-value', name }]
      : [{ effect: 'renames', what: 'value of type', name: `${name}.${node.AlterEnumStmt.oldVal}` }];
  }
  if ('CallStmt' in node) return [{ effect: 'runs-code', what: 'a procedure' }];
  if ('DoStmt' in node) return [{ effect: 'runs-code', what: 'a DO block' }];
  if ('DropOwnedStmt' in node) return [{ effect: 'drops', what: 'everything owned by', name: 'a role' }];
  if ('DropRoleStmt' in node) return [{ effect: 'drops', what: 'role', name: 'of the server' }];
  if ('DropdbStmt' in node) return [{ effect: 'drops', what: 'database', name: node.DropdbStmt.dbname ?? '' }];
  return [];
}

function grantEffects({ is_grant: isGrant, targtype, objects }: GrantStmt): readonly StatementEffect[] {
  if (isGrant === true || targtype === 'ACL_TARGET_DEFAULTS') return [];
  const names = (objects ?? []).map((object) => ('String' in object ? (objectName(object)[0] ?? '') : qualified(objectName(object))));
  return [{ effect: 'revokes', names }];
}

/** Returns a kind of object as people say it: `OBJECT_MATVIEW` is a materialized view. */
function kindWords(kind: string | undefined): string {
  const word = (kind ?? 'OBJECT_TABLE').replace('OBJECT_', '').toLowerCase();
  const known: Readonly<Record<string, string>> = {
    matview: 'materialized view',
    tabconstraint: 'constraint',
    attribute: 'attribute of type',
    foreign_table: 'table',
  };
  return known[word] ?? word.replaceAll('_', ' ');
}
