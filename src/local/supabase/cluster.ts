import { randomBytes } from 'node:crypto';
import { superuser, type PostgresServer } from '../engines/postgres.ts';
import { openCollection } from '../store.ts';
import { databaseChanges, lentLogins, type ClusterDatabases, type ClusterLogins } from './cluster-databases.ts';
import { connectionUrl, literal, openPool, ownerRole, type Sql } from './connections.ts';
import { clusterRolesSql, projectTemplate, serviceRoles, templateSql, type ServiceRole } from './hosted-schema.ts';

/** The one Postgres with the hosted platform's roles: makes and drops the databases of projects. */
export interface Cluster extends ClusterDatabases, ClusterLogins {
  readonly server: PostgresServer;
  /** The server's version, e.g. `15.18`. */
  readonly version: string;
  setPassword(ref: string, password: string): Promise<void>;
  /** Returns what the server stores of the login role's password (`SCRAM-SHA-256$…`). */
  verifier(ref: string): Promise<string>;
  /** Returns the address of a project's database for one of our services. */
  serviceUrl(role: ServiceRole, ref: string): string;
  /** Returns the address of a project's database for the superuser: catalog reading and replication only. */
  superuserUrl(ref: string): string;
  close(): Promise<void>;
}

/** Prepares the shared roles and the template database (the first time) and returns the cluster. */
export async function openCluster(stateDir: string, server: PostgresServer): Promise<Cluster> {
  const passwords = await servicePasswords(stateDir);
  const admin = openPool(connectionUrl(superuser, server.password, server.port, 'postgres'), 6);
  await admin.unsafe(clusterRolesSql);
  for (const role of serviceRoles) await admin.unsafe(`alter role ${role} password ${literal(passwords[role])}`);
  await makeTemplate(admin, server);
  const [setting] = await admin`select current_setting('server_version') as version`;

  const superuserUrl = (database: string) => connectionUrl(superuser, server.password, server.port, database);
  return {
    server,
    version: String(setting?.['version'] ?? '15'),
    ...databaseChanges(admin, superuserUrl),
    ...lentLogins(admin),
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
    supabase_read_only_user: await passwordOf('supabase_read_only_user'),
  };
}

/** Fills a draft and renames it when whole, so that a killed start leaves no half template. */
async function makeTemplate(admin: Sql, server: PostgresServer): Promise<void> {
  const [known] = await admin`select 1 from pg_database where datname = ${projectTemplate}`;
  if (known !== undefined) return;
  const draft = `${projectTemplate}_draft`;
  await admin.unsafe(`drop database if exists ${draft} with (force)`);
  await admin.unsafe(`create database ${draft} template template0`);
  await admin.unsafe(`grant create on database ${draft} to postgres`);
  const inside = openPool(connectionUrl(superuser, server.password, server.port, draft), 1);
  try {
    await inside.begin((transaction) => transaction.unsafe(templateSql));
  } finally {
    await inside.end();
  }
  await admin.unsafe(`alter database ${draft} rename to ${projectTemplate}`);
}
