import { literal, openPool, ownerRole, type Sql } from './connections.ts';
import { defaultPrivilegesSql, projectTemplate, serviceRoles } from './hosted-schema.ts';

/** What a cluster does with the databases of projects. */
export interface ClusterDatabases {
  /** Creates a project's database (as a copy of another project's, when one is given) and its login role; does nothing that is done already. */
  createDatabase(ref: string, password: string, from?: string): Promise<void>;
  /** Lets the project's own roles, and no other, into its database. */
  grantAccess(ref: string): Promise<void>;
  /** Copies a database while nobody is in it: connections are ended, and new ones wait until the copy is there. */
  copyDatabase(from: string, to: string): Promise<void>;
  /** Puts a copy of another database into the place of a project's. */
  replaceDatabase(ref: string, from: string): Promise<void>;
  /** Ends the connections to a project's database and takes no new one, until it is opened. */
  closeDatabase(ref: string): Promise<void>;
  openDatabase(ref: string): Promise<void>;
  /** Sets the server's settings for one database, as far as a database can have its own; resets those not given. */
  configure(ref: string, settings: Readonly<Record<string, string | number | boolean>>): Promise<void>;
  /** Drops the database with its copies and roles, ending their connections. */
  dropDatabase(ref: string): Promise<void>;
}

/** What a cluster does with roles that log in for a while. */
export interface ClusterLogins {
  /** Makes a role that can log in as the owner for a while, or only read; returns its name. */
  lendLogin(ref: string, kind: 'owner' | 'reader', password: string, until: Date): Promise<string>;
  endLogins(ref: string): Promise<void>;
}

/** Returns what a cluster does with databases, by the superuser's connections. */
export function databaseChanges(admin: Sql, superuserUrl: (database: string) => string): ClusterDatabases {
  const exists = async (name: string) => (await admin`select 1 from pg_database where datname = ${name}`).length > 0;
  const drop = (name: string) => admin.unsafe(`drop database if exists ${name} with (force)`);
  const grantAccess = async (ref: string) => void (await admin.unsafe(databaseGrants(ref)));
  return {
    createDatabase: async (ref, password, from) => {
      await createOwner(admin, ref, password);
      if (!(await exists(ref))) {
        if (from === undefined) await admin.unsafe(`create database ${ref} template ${projectTemplate} owner "${ownerRole(ref)}"`);
        else await copyWhole(admin, from, ref, `owner "${ownerRole(ref)}"`);
      }
      await grantAccess(ref);
      const inside = openPool(superuserUrl(ref), 1);
      try {
        await inside.unsafe(defaultPrivilegesSql([ownerRole(ref), 'postgres']));
      } finally {
        await inside.end();
      }
    },
    grantAccess,
    copyDatabase: (from, to) => copyWhole(admin, from, to, 'allow_connections false'),
    replaceDatabase: async (ref, from) => {
      // A draft first: killed in between, the next start does it again from the restore point, which stays.
      const draft = `${ref}_draft`;
      await drop(draft);
      await admin.unsafe(`create database ${draft} template ${from} owner "${ownerRole(ref)}"`);
      await drop(ref);
      await admin.unsafe(`alter database ${draft} rename to ${ref}`);
      await grantAccess(ref);
    },
    closeDatabase: async (ref) => {
      await admin.unsafe(`alter database ${ref} with allow_connections false`);
      await endConnections(admin, ref);
    },
    openDatabase: async (ref) => void (await admin.unsafe(`alter database ${ref} with allow_connections true`)),
    configure: (ref, settings) => configure(admin, ref, settings),
    dropDatabase: async (ref) => {
      const copies = await admin<{ datname: string }[]>`select datname from pg_database where datname like ${`${ref}\\_%`}`;
      for (const { datname } of copies) await drop(datname);
      await drop(ref);
      const owners = await admin<{ rolname: string }[]>`select rolname from pg_roles where rolname like ${`%.${ref}`}`;
      for (const { rolname } of owners) await admin.unsafe(`drop role if exists "${rolname}"`);
    },
  };
}

/**
 * Copies a database by file. `CREATE DATABASE` locks the source, waits up to 5 s until nobody is in it, and new connections wait for
 * its lock (dbcommands.c, CountOtherDBBackends): so it is begun first, and then whoever is inside is sent out.
 */
async function copyWhole(admin: Sql, from: string, to: string, options: string): Promise<void> {
  const clearing = setInterval(() => void endConnections(admin, from).catch(() => undefined), 20);
  try {
    await admin.unsafe(`create database ${to} template ${from} ${options}`);
  } finally {
    clearInterval(clearing);
  }
}

async function endConnections(admin: Sql, database: string): Promise<void> {
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database}`;
}

async function configure(admin: Sql, ref: string, settings: Readonly<Record<string, string | number | boolean>>): Promise<void> {
  const applicable = await admin<{ name: string }[]>`
    select name from pg_settings where name = any (${Object.keys(settings)}::text[]) and context in ('user', 'superuser')`;
  const [kept] = await admin<{ names: string[] }[]>`
    select array_agg(split_part(setting, '=', 1)) as names from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase,
      unnest(setconfig) setting where datname = ${ref} and setrole = 0 and setting not like 'search_path=%'`;
  const wanted = applicable.map(({ name }) => name);
  const gone = (kept?.names ?? []).filter((name) => !wanted.includes(name));
  const statements = [
    ...gone.map((name) => `alter database ${ref} reset ${name}`),
    ...wanted.map((name) => `alter database ${ref} set ${name} = ${literal(String(settings[name]))}`),
  ];
  if (statements.length > 0) await admin.begin((transaction) => transaction.unsafe(statements.join(';')));
}

/** Returns what a cluster does with roles that log in for a while. */
export function lentLogins(admin: Sql): ClusterLogins {
  const nameOf = (ref: string, kind: 'owner' | 'reader') => `cli_login_${kind === 'owner' ? 'postgres' : 'read_only'}.${ref}`;
  return {
    lendLogin: async (ref, kind, password, until) => {
      const name = nameOf(ref, kind);
      const [known] = await admin`select 1 from pg_roles where rolname = ${name}`;
      if (known === undefined) await admin.unsafe(`create role "${name}" nologin`);
      await admin.unsafe(`
        alter role "${name}" login inherit bypassrls password ${literal(password)} valid until ${literal(until.toISOString())};
        grant connect on database ${ref} to "${name}";
        ${
          kind === 'owner'
            ? `grant postgres, anon, authenticated, service_role to "${name}"; alter role "${name}" set role = 'postgres';`
            : `grant pg_read_all_data to "${name}"; alter role "${name}" set default_transaction_read_only = on;`
        }
      `);
      return name;
    },
    endLogins: async (ref) => {
      for (const kind of ['owner', 'reader'] as const) {
        const [known] = await admin`select 1 from pg_roles where rolname = ${nameOf(ref, kind)}`;
        if (known === undefined) continue;
        await admin`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${nameOf(ref, kind)}`;
        await admin.unsafe(`revoke all on database ${ref} from "${nameOf(ref, kind)}"; drop role "${nameOf(ref, kind)}"`);
      }
    },
  };
}

async function createOwner(admin: Sql, ref: string, password: string): Promise<void> {
  const name = ownerRole(ref);
  const [known] = await admin`select 1 from pg_roles where rolname = ${name}`;
  if (known === undefined) await admin.unsafe(`create role "${name}" nologin`);
  // Sessions act as `postgres`, so that what migrations create belongs to that role, as on the hosted platform.
  await admin.unsafe(`
    alter role "${name}" login inherit bypassrls password ${literal(password)};
    grant postgres, anon, authenticated, service_role to "${name}";
    alter role "${name}" set role = 'postgres';
  `);
}

/** Only this project's own roles may connect. `postgres` may create here, but holds no CONNECT: its members differ by project. */
function databaseGrants(ref: string): string {
  return `
    revoke all on database ${ref} from public;
    grant connect, create, temporary on database ${ref} to "${ownerRole(ref)}";
    grant create, temporary on database ${ref} to postgres;
    grant connect on database ${ref} to ${serviceRoles.join(', ')};
    alter database ${ref} set search_path = "$user", public, extensions;
  `;
}
