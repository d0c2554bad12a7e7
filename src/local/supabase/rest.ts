import { AsyncLocalStorage } from 'node:async_hooks';
import type { Claims } from './keys.ts';

/** PostgREST over one project's database. */
export interface RestApi {
  /** Answers a request below `/rest/v1` with the rights of these claims. */
  fetch(request: Request, claims: Claims): Promise<Response>;
  /** Reads the schema again before the next request. */
  invalidate(): void;
  close(): Promise<void>;
}

interface PostgresError {
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

interface RestRequest {
  readonly claims: Claims;
  error: PostgresError | undefined;
}

/** The request that @supabase/lite is working on: its claims go in here, the database's error comes out. */
const current = new AsyncLocalStorage<RestRequest>();

/** What PostgREST works with. */
export interface RestOptions {
  /** Address of the database for `authenticator`, who takes the role of the claims on each request. */
  readonly databaseUrl: string;
  /** Address for a superuser: lite reads information_schema, which shows others only what they may touch. */
  readonly catalogUrl: string;
  readonly jwtSecret: string;
}

/**
 * Opens PostgREST for a database, on @supabase/lite 0.10.0 (the only file that knows it; loaded here, 40 MB, not before). What lite gets
 * wrong is mended here: it grants everything to the API's roles in each schema that has RLS, answers 500 for most database errors, prints
 * stack traces, and never reads the schema again.
 */
export async function openRest(options: RestOptions): Promise<RestApi> {
  const [{ App }, { createPostgresConnection }] = await Promise.all([import('@supabase/lite'), import('@supabase/lite/postgres')]);
  quietLite();
  const connect = (url: string, max: number) =>
    createPostgresConnection({ url, postgresOptions: { max, prepare: false, idle_timeout: 20, onnotice: () => undefined } });
  const connection = connect(options.databaseUrl, 8);
  const catalog = connect(options.catalogUrl, 1);
  let schema: ReturnType<typeof catalog.introspect> | undefined;
  const readSchema = () => (schema ??= catalog.introspect({ useCache: false }));
  // The roles exist and their rights are the project's own business; with `true` lite takes the role of the claims on every request.
  Object.assign(connection, { ensureRlsContext: async () => true, introspect: readSchema });
  const withContext = connection.withContext.bind(connection);
  connection.withContext = async (vars, run, settings) => {
    try {
      return await withContext(vars, run, settings);
    } catch (error) {
      const request = current.getStore();
      if (request !== undefined) request.error = postgresError(error);
      throw error;
    }
  };
  const app = new App({
    connection,
    api: { enabled: true, schemas: ['public', 'graphql_public'], max_rows: 1000 },
    auth: { enabled: false, jwt_secret: options.jwtSecret },
    options: {
      server: {
        disableStudio: true,
        disableFallback: true,
        apiKeys: { resolver: async () => keyOf(current.getStore()) },
      },
    },
  });
  return {
    fetch: async (request, claims) => {
      const store: RestRequest = { claims, error: undefined };
      const response = await current.run(store, async () => app.fetch(asKeyHolder(request)));
      return mendObject(request, await mendError(response, store));
    },
    invalidate: () => {
      schema = undefined;
    },
    close: async () => {
      await Promise.all([connection.close(), catalog.close()]);
    },
  };
}

function keyOf(request: RestRequest | undefined) {
  const claims = { ...request?.claims };
  return { type: claims['role'] === 'service_role' ? ('secret' as const) : ('publishable' as const), claims };
}

/** The gateway has checked key and token; lite gets a key of ours, which stands for the claims in `current`. */
function asKeyHolder(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.delete('authorization');
  // lite refuses secret keys from browsers by this header; the hosted gateway does so for `sb_secret_` alone.
  if (/mozilla/i.test(headers.get('user-agent') ?? '')) headers.delete('user-agent');
  headers.set('apikey', 'gateway');
  const url = new URL(request.url);
  url.searchParams.delete('apikey');
  // undici wants `duplex` with a streamed body; it is not in the type that lib.dom gives.
  const init = { method: request.method, headers, body: request.body, duplex: 'half' as const, signal: request.signal };
  return new Request(url, init);
}

async function mendError(response: Response, { claims, error }: RestRequest): Promise<Response> {
  if (response.status !== 500 || error === undefined) return response;
  const status = statusOf(error.code, claims['role'] === 'anon');
  const body = { code: error.code, details: error.detail ?? null, hint: error.hint ?? null, message: error.message };
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  return new Response(JSON.stringify(body), { status, headers });
}

const objectType = 'application/vnd.pgrst.object+json';

/** lite forgets that one object was asked for when a written row is returned with rows of another table. */
async function mendObject(request: Request, response: Response): Promise<Response> {
  const isList = response.headers.get('content-type')?.startsWith('application/json') === true;
  if (!response.ok || !isList || request.headers.get('accept')?.includes(objectType) !== true) return response;
  const rows: unknown = await response.json();
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  if (Array.isArray(rows) && rows.length !== 1) {
    const details = `The result contains ${rows.length} rows`;
    const error = { code: 'PGRST116', details, hint: null, message: 'Cannot coerce the result to a single JSON object' };
    return new Response(JSON.stringify(error), { status: 406, headers });
  }
  headers.set('content-type', `${objectType}; charset=utf-8`);
  const row: unknown = Array.isArray(rows) ? rows[0] : rows;
  return new Response(JSON.stringify(row), { status: response.status, headers });
}

/** PostgREST's table of HTTP statuses by SQLSTATE (docs.postgrest.org, references/errors, read 2026-11-22). */
function statusOf(code: string, anonymous: boolean): number {
  const exact: Readonly<Record<string, number>> = {
    '23503': 409,
    '23505': 409,
    '25006': 405,
    '42883': 404,
    '42P01': 404,
    '42P17': 500,
    '53400': 500,
    '57014': 500,
    '42501': anonymous ? 401 : 403,
    P0001: 400,
  };
  const byClass: Readonly<Record<string, number>> = {
    '08': 503,
    '09': 500,
    '0L': 403,
    '0P': 403,
    '25': 500,
    '28': 403,
    '2D': 500,
    '38': 500,
    '39': 500,
    '3B': 500,
    '40': 500,
    '53': 503,
    '54': 500,
    '55': 500,
    '57': 500,
    '58': 500,
    F0: 500,
    HV: 500,
    P0: 500,
    XX: 500,
  };
  return exact[code] ?? byClass[code.slice(0, 2)] ?? 400;
}

function postgresError(error: unknown): PostgresError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if (!/^[0-9A-Z]{5}$/.test(error.code))
    return { code: '08000', message: 'The database does not answer.', detail: undefined, hint: undefined };
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    code: error.code,
    message: error.message,
    detail: 'detail' in error ? text(error.detail) : undefined,
    hint: 'hint' in error ? text(error.hint) : undefined,
  };
}

let quiet = false;

/** lite writes the stack of every refused query to stderr: what it prints while it works on a request is dropped. */
function quietLite(): void {
  if (quiet) return;
  quiet = true;
  for (const level of ['error', 'warn', 'log'] as const) {
    const print = console[level].bind(console);
    console[level] = (...parts: unknown[]) => {
      if (current.getStore() === undefined) print(...parts);
    };
  }
}
