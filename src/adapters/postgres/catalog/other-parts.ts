/** Returns how a grant reads: who, and what they may (with `*` where they may pass it on). */
const granted = `string_agg(a.privilege_type || case when a.is_grantable then '*' else '' end, ', ' order by a.privilege_type)`;
const grantee = `case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee)::text end`;

/** Returns the part for the grants on one kind of thing; the owner's own stand among them, so that a new owner is seen. */
function grants(what: string, name: string, acl: string, from: string, table = 'null'): string {
  return `select 'grant', format('${what} %s to %s', ${name}, ${grantee}), ${granted}, nspname, ${table}::text
    from ${from}, aclexplode(${acl}) a group by ${name}, nspname, ${grantee}`;
}

/** What there is besides tables and their parts; see `relation-parts.ts`. `roles` are those that are not the platform's. */
export const otherParts: readonly string[] = [
  `select 'role', quote_ident(r.rolname), concat_ws(' ', case when r.rolcanlogin then 'login' else 'nologin' end,
      case when r.rolinherit then 'inherit' else 'noinherit' end, case when r.rolsuper then 'superuser' end,
      case when r.rolbypassrls then 'bypassrls' end, case when r.rolcreatedb then 'createdb' end, case when r.rolcreaterole then 'createrole' end,
      case when r.rolreplication then 'replication' end,
      (select 'member of ' || string_agg(distinct pg_get_userbyid(m.roleid)::text, ', ') from pg_auth_members m where m.member = r.oid)),
    null, null from roles r`,

  `select 'extension', quote_ident(e.extname), format('version %s in schema %I', e.extversion, n.nspname), null, null
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace`,

  `select 'schema', quote_ident(nspname), 'schema', nspname, null from spaces`,

  `select 'type', format('%I.%I', s.nspname, y.typname), case y.typtype
      when 'e' then (select 'enum (' || string_agg(quote_literal(l.enumlabel), ', ' order by l.enumsortorder) || ')' from pg_enum l where l.enumtypid = y.oid)
      when 'd' then concat_ws(' ', 'domain', format_type(y.typbasetype, y.typtypmod), case when y.typnotnull then 'not null' end,
        'default ' || y.typdefault, (select string_agg(pg_get_constraintdef(c.oid), ' ' order by c.conname) from pg_constraint c
          where c.contypid = y.oid and c.contype = 'c'))
      when 'c' then (select 'composite (' || string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum) || ')'
        from pg_attribute a where a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped)
      else (select 'range of ' || format_type(g.rngsubtype, null) from pg_range g where g.rngtypid = y.oid) end,
    s.nspname, null from kinds y join spaces s on s.oid = y.typnamespace`,

  `select 'function', f.name, case f.prokind
      when 'a' then (select format('aggregate by %s over %s from %L', g.aggtransfn, format_type(g.aggtranstype, null), g.agginitval)
        from pg_aggregate g where g.aggfnoid = f.oid)
      else pg_get_functiondef(f.oid) end,
    f.nspname, null from functions f`,

  `select 'publication', quote_ident(p.pubname), concat_ws(' ', case when p.puballtables then 'for all tables' end,
      case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
      case when p.pubtruncate then 'truncate' end, case when p.pubviaroot then 'via root' end),
    null, null from publications p`,

  `select 'publication', format('%I: %s', p.pubname, t.name), concat_ws(' ', 'published',
      (select '(' || string_agg(quote_ident(a.attname), ', ' order by a.attname) || ')' from pg_attribute a
        where a.attrelid = r.prrelid and a.attnum = any (r.prattrs)),
      'where ' || pg_get_expr(r.prqual, r.prrelid)),
    t.nspname, t.name from pg_publication_rel r join publications p on p.oid = r.prpubid join rels t on t.oid = r.prrelid`,

  `select 'publication', format('%I: all of %I', p.pubname, s.nspname), 'published', s.nspname, null
    from pg_publication_namespace r join publications p on p.oid = r.pnpubid join spaces s on s.oid = r.pnnspid`,

  grants('schema', 'quote_ident(nspname)', `coalesce(nspacl, acldefault('n', nspowner))`, 'spaces'),
  grants(
    'table',
    'name',
    `coalesce(relacl, acldefault('r', relowner))`,
    `(select * from rels where relkind in ('r', 'p', 'f', 'v', 'm')) t`,
    'name',
  ),
  grants('sequence', 'name', `coalesce(relacl, acldefault('s', relowner))`, `(select * from rels where relkind = 'S') t`),
  grants(
    'column',
    `format('%s.%I', t.name, c.attname)`,
    'c.attacl',
    'rels t join pg_attribute c on c.attrelid = t.oid and c.attacl is not null and not c.attisdropped',
    'min(t.name)',
  ),
  grants('function', 'name', `coalesce(proacl, acldefault('f', proowner))`, 'functions'),
  grants(
    'type',
    `format('%I.%I', s.nspname, y.typname)`,
    `coalesce(y.typacl, acldefault('T', y.typowner))`,
    'kinds y join spaces s on s.oid = y.typnamespace',
  ),

  `select 'grant', format('%s by %s in %s to %s', case d.defaclobjtype when 'r' then 'new tables' when 'S' then 'new sequences' when 'f' then 'new functions'
      when 'T' then 'new types' else 'new schemas' end, pg_get_userbyid(d.defaclrole), coalesce(quote_ident(s.nspname), 'all schemas'), ${grantee}),
    ${granted}, s.nspname, null
    from pg_default_acl d left join spaces s on s.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
    where (d.defaclnamespace = 0 or s.oid is not null)
      and (pg_get_userbyid(d.defaclrole) = 'postgres' or d.defaclrole in (select oid from roles))
    group by d.defaclobjtype, d.defaclrole, s.nspname, ${grantee}`,
];
