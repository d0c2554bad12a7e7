import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { superuser, type PostgresServer } from '../engines/postgres.ts';
import { openCollection } from '../store.ts';
import { clusterRolesSql, defaultPrivilegesSql, serviceRoles, templateSql, templateVersion, type ServiceRole } from './hosted-schema.ts';

/** A connection pool of the `postgres` client. */
export type Sql = postgres.Sql;

/** The one Postgres with the hosted platform's roles: makes and drops the databases of projects. */
export interface Cluster {
  readonly server: PostgresServer;
  /** The server's version, e.g. `15.18`. */
  readonly version: string;
  /** Creates a project's database and its login role; does nothing that is done already. */
  createDatabase(ref: string, password: string): Promise<void>;
  /** Drops both, ending their connections. */
  dropDatabase(ref: string): Promise<void>;
  setPassword(ref: string, password: string): Promise<void>;
  /** Returns what the server stores of the login role's password (`SCRAM-SHA-256$…`). */
  verifier(ref: string): Promise<string>;
  /** Returns the address of a project's database for one of our services. */
  serviceUrl(role: ServiceRole, ref: string): string;
  /** Returns the address of a project's database for the superuser: catalog reading and replication only. */
  superuserUrl(ref: string): string;
  close(): Promise<void>;
}

/** Returns the name of the role that a project's owner logs in with, as in the hosted pooler's connection strings. */
export function ownerRole(ref: string): string {
  return `postgres.${ref}`;
}

/** Returns a Postgres connection string on loopback. */
export function connectionUrl(user: string, password: string, port: number, database: string): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

const template = `jv_template_${templateVersion}`;

/** Prepares the shared roles and the template database (the first time) and returns the cluster. */
export async function openCluster(stateDir: string, server: PostgresServer): Promise<Cluster> {
  const passwords = await servicePasswords(stateDir);
  const admin = openPool(connectionUrl(superuser, server.password, server.port, 'postgres'), 3);
  await admin.unsafe(clusterRolesSql);
  for (const role of serviceRoles) await admin.unsafe(`alter role ${role} password ${literal(passwords[role])}`);
  await makeTemplate(admin, server);
  const [setting] = await admin`select current_setting('server_version') as version`;

  const superuserUrl = (database: string) => connectionUrl(superuser, server.password, server.port, database);
  return {
    server,
    version: String(setting?.['version'] ?? '15'),
    createDatabase: async (ref, password) => {
      await createOwner(admin, ref, password);
      const [known] = await admin`select 1 from pg_database where datname = ${ref}`;
      if (known === undefined) await admin.unsafe(`create database ${ref} template ${template} owner "${ownerRole(ref)}"`);
      await admin.unsafe(databaseGrants(ref));
      const inside = openPool(superuserUrl(ref), 1);
      try {
        await inside.unsafe(defaultPrivilegesSql([ownerRole(ref), 'postgres']));
      } finally {
        await inside.end();
      }
    },
    dropDatabase: async (ref) => {
      await admin.unsafe(`drop database if exists ${ref} with (force)`);
      await admin.unsafe(`drop role if exists "${ownerRole(ref)}"`);
    },
    setPassword: async (ref, password) => {
      await admin.unsafe(`alter role "${ownerRole(ref)}" password ${literal(password)}`);
    },
    verifier: async (ref) => {
      const [row] = await admin`select rolpassword from pg_authid where rolname = ${ownerRole(ref)}`;
      return String(row?.['rolpassword'] ?? '');
    },
    serviceUrl: (role, ref) => connectionUrl(role, passwords[role], server.port, ref),
    superuserUrl,
    close: () => admin.end({ timeout: 1 }),
  };
}

/** Opens a pool that says nothing about notices and lets idle connections go. */
export function openPool(url: string, max: number, options: postgres.Options<Record<string, never>> = {}): Sql {
  return postgres(url, { max, idle_timeout: 20, connect_timeout: 10, onnotice: () => undefined, ...options });
}

async function servicePasswords(stateDir: string): Promise<Readonly<Record<ServiceRole, string>>> {
  const secrets = await openCollection<{ readonly password: string }>(stateDir, 'postgres');
  const passwordOf = async (role: ServiceRole) => {
    const password = secrets.get(role)?.password ?? randomBytes(24).toString('base64url');
    if (secrets.get(role) === undefined) await secrets.put(role, { password });
    return password;
  };
  return {
    authenticator: await passwordOf('authenticator'),
    supabase_auth_admin: await passwordOf('supabase_auth_admin'),
    supabase_realtime_admin: await passwordOf('supabase_realtime_admin'),
  };
}

/** Fills a draft and renames it when whole, so that a killed start leaves no half template. */
async function makeTemplate(admin: Sql, server: PostgresServer): Promise<void> {
  const [known] = await admin`select 1 from pg_database where datname = ${template}`;
  if (known !== undefined) return;
  const draft = `${template}_draft`;
  await admin.unsafe(`drop database if exists ${draft} with (force)`);
  await admin.unsafe(`create database ${draft} template template0`);
  await admin.unsafe(`grant create on database ${draft} to postgres`);
  const inside = openPool(connectionUrl(superuser, server.password, server.port, draft), 1);
  try {
    await inside.begin((transaction) => transaction.unsafe(templateSql));
  } finally {
    await inside.end();
  }
  await admin.unsafe(`alter database ${draft} rename to ${template}`);
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

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
