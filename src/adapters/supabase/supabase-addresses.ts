import { z } from 'zod';
import type { ApiClient } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';

/** Where a project's database server or pooler listens, without the password. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** `require` wherever the connection leaves this machine. */
  readonly tls: 'require' | 'off';
}

/** The addresses of one project. */
export interface ProjectAddresses {
  /** The project's gateway. */
  readonly url: string;
  readonly direct: DatabaseAddress;
  /** In transaction mode. */
  readonly pooler: DatabaseAddress;
}

/** Finds out where a project answers. */
export type SupabaseAddresses = (api: ApiClient, ref: string, signal: AbortSignal) => Promise<ProjectAddresses>;

// contracts.md §2.3: SupavisorConfigResponse.
const poolerSchema = z.array(
  z.object({
    database_type: z.string(),
    db_user: z.string(),
    db_host: z.string(),
    db_port: z.number().int(),
    db_name: z.string(),
    pool_mode: z.string(),
  }),
);

/** Supavisor listens for transaction mode here (https://supabase.com/docs/guides/database/connecting-to-postgres, read 2026-11-22 in contracts.md). */
const transactionPort = 6543;

/** Returns a hosted project's addresses: the gateway and the server by its ref, the pooler as the platform has it. */
export const hostedAddresses: SupabaseAddresses = async (api, ref, signal) => {
  const path = apiPath`/v1/projects/${ref}/config/database/pooler`;
  const poolers = await api.read({ method: 'GET', path, signal }, poolerSchema);
  const primary = poolers.find((pooler) => pooler.database_type === 'PRIMARY') ?? poolers[0];
  const direct = { host: `db.${ref}.supabase.co`, port: 5432, database: 'postgres', user: 'postgres', tls: 'require' as const };
  return {
    url: `https://${ref}.supabase.co`,
    direct,
    // Without a shared pooler the project has its own beside the server.
    pooler:
      primary === undefined
        ? { ...direct, port: transactionPort }
        : {
            host: primary.db_host,
            port: primary.pool_mode === 'transaction' ? primary.db_port : transactionPort,
            database: primary.db_name,
            user: primary.db_user,
            tls: 'require',
          },
  };
};

const localAddressSchema = z.object({ host: z.string(), port: z.number().int(), database: z.string(), user: z.string() });

const localProjectSchema = z.object({
  ref: z.string(),
  url: z.string(),
  direct: localAddressSchema,
  pooler: localAddressSchema.nullable(),
});

/** Returns a local project's addresses: the local cloud says them itself, since it has no names of its own in DNS. */
export const localAddresses: SupabaseAddresses = async (api, ref, signal) => {
  const project = await api.read({ method: 'GET', path: apiPath`/_local/projects/${ref}`, signal }, localProjectSchema);
  const direct = { ...project.direct, tls: 'off' as const };
  return { url: project.url, direct, pooler: project.pooler === null ? direct : { ...project.pooler, tls: 'off' } };
};

/** Returns a connection string; user, password and database are percent-encoded, and a hosted server's TLS is demanded. */
export function connectionString(address: DatabaseAddress, password: string): string {
  const user = encodeURIComponent(address.user);
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const tls = address.tls === 'require' ? '?sslmode=require' : '';
  return `postgresql://${user}:${encodeURIComponent(password)}@${host}:${address.port}/${encodeURIComponent(address.database)}${tls}`;
}

/** Finds out what addresses a project answers at, without its password. */
export type KnownAddresses = (api: ApiClient, ref: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Returns a hosted project's addresses by its ref alone: nothing is asked, so this works for projects that the token cannot see. */
export const hostedKnownAddresses: KnownAddresses = async (_api, ref) => [
  `https://${ref}.supabase.co`,
  `postgresql://postgres@db.${ref}.supabase.co:5432/postgres`,
];

/** Returns a local project's addresses as the local cloud says them. */
export const localKnownAddresses: KnownAddresses = async (api, ref, signal) => {
  const { url, direct, pooler } = await localAddresses(api, ref, signal);
  return [url, withoutPassword(direct), withoutPassword(pooler)];
};

function withoutPassword({ user, host, port, database }: DatabaseAddress): string {
  return `postgresql://${encodeURIComponent(user)}@${host}:${port}/${encodeURIComponent(database)}`;
}
