import postgres from 'postgres';

/** A connection pool of the `postgres` client. */
export type Sql = postgres.Sql;

/** Returns the name of the role that a project's owner logs in with, as in the hosted pooler's connection strings. */
export function ownerRole(ref: string): string {
  return `postgres.${ref}`;
}

/** Returns a Postgres connection string on loopback. */
export function connectionUrl(user: string, password: string, port: number, database: string): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** What a pool may have beside the usual. */
type PoolOptions = Pick<postgres.Options<Record<string, never>>, 'connection' | 'connect_timeout' | 'idle_timeout' | 'prepare'> & {
  /** How values of some types are read, by any name. */
  readonly types?: Readonly<Record<string, postgres.PostgresType>>;
};

/** Opens a pool that says nothing about notices and lets idle connections go. */
export function openPool(url: string, max: number, options: PoolOptions = {}): Sql {
  return postgres(url, { max, idle_timeout: 20, connect_timeout: 10, onnotice: () => undefined, ...options });
}

/** Returns a text as SQL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
