import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '@supabase/lite';
import type { createPostgresConnection } from '@supabase/lite/postgres';
import { isoTime } from './iso-time.ts';
import type { Claims } from './keys.ts';
import { errorAnswer, postgresError, type PostgresError } from './rest-errors.ts';

/** PostgREST over one project's database. */
export interface RestApi {
  /** Answers a request below `/rest/v1` with the rights of these claims. */
  fetch(request: Request, claims: Claims): Promise<Response>;
  /** Reads the schema again before the next request. */
  invalidate(): void;
  close(): Promise<void>;
}

interface RestRequest {
  readonly claims: Claims;
  error: PostgresError | undefined;
}

/** How long a refused request waits for news of the schema at most: Postgres may be down. */
const settleMs = 1000;

/** The request that @supabase/lite is working on: its claims go in here, the database's error comes out. */
const current = new AsyncLocalStorage<RestRequest>();

/** What PostgREST works with. */
export interface RestOptions {
  /** Address of the database for `authenticator`, who takes the role of the claims on each request. */
  readonly databaseUrl: string;
  /** Address for a superuser: lite reads information_schema, which shows others only what they may touch. */
  readonly catalogUrl: string;
  readonly jwtSecret: string;
  /** Returns when every change of the schema that was committed before the call has come to `invalidate`. */
  settle(): Promise<void>;
}

/**
 * Opens PostgREST for a database, on @supabase/lite 0.10.0 (the only file that knows it; loaded here, 40 MB, not before). What lite gets
 * wrong is mended here: it grants everything to the API's roles in each schema that has RLS, answers 500 for most database errors, prints
 * stack traces, and never reads the schema again.
 */
export async function openRest(options: RestOptions): Promise<RestApi> {
  const lite = await loadLite();
  let generation: Generation | undefined;
  return {
    fetch: async (request, claims) => {
      const body = request.body === null ? undefined : await request.arrayBuffer();
      const asked = (generation ??= openGeneration(lite, options));
      const response = await asked.fetch(asKeyHolder(request, body), claims);
      if (response.ok || response.status >= 500) return response;
      // Refused, so nothing has changed: if it was for an old schema, it is asked again.
      await Promise.race([options.settle().catch(() => undefined), delay(settleMs)]);
      if (generation === asked) return response;
      generation ??= openGeneration(lite, options);
      return await generation.fetch(asKeyHolder(request, body), claims);
    },
    invalidate: () => {
      void generation?.retire();
      generation = undefined;
    },
    close: async () => {
      await generation?.retire();
    },
  };
}

const schemaUnknown = {
  code: 'PGRST002',
  details: null,
  hint: null,
  message: 'Could not query the database for the schema cache. Retrying.',
};

/** What is used of lite. */
interface Lite {
  readonly App: typeof App;
  readonly createPostgresConnection: typeof createPostgresConnection;
}

/** lite as of one schema: connections know the types of the time when they were made, so a new schema gets new ones. */
interface Generation {
  fetch(request: Request, claims: Claims): Promise<Response>;
  /** Closes the connections when the last request is answered. */
  retire(): Promise<void>;
}

function openGeneration(lite: Lite, options: RestOptions): Generation {
  const connection = connectLite(lite, options.databaseUrl, 8);
  const introspect = schemaReader(lite, options.catalogUrl);
  // The roles exist and their rights are the project's own business; with `true` lite takes the role of the claims on every request.
  Object.assign(connection, { ensureRlsContext: async () => true, introspect });
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
  const app = new lite.App({
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
  const inFlight = new Set<Promise<Response>>();
  const answer = async (request: Request, claims: Claims) => {
    const known = await introspect().then(
      () => true,
      () => false,
    );
    if (!known) return Response.json(schemaUnknown, { status: 503 });
    const store: RestRequest = { claims, error: undefined };
    const response = await current.run(store, async () => app.fetch(request));
    return mendObject(request, await mendError(response, store));
  };
  return {
    fetch: async (request, claims) => {
      const answering = answer(request, claims);
      inFlight.add(answering);
      try {
        return await answering;
      } finally {
        inFlight.delete(answering);
      }
    },
    retire: async () => {
      await Promise.allSettled(inFlight);
      await connection.close();
    },
  };
}

function connectLite(lite: Lite, url: string, max: number) {
  return lite.createPostgresConnection({
    url,
    postgresOptions: { max, prepare: false, idle_timeout: 20, onnotice: () => undefined, types: jsonTypes },
  });
}

/** Returns what reads the schema once; a failure is tried again at the next call. */
function schemaReader(lite: Lite, catalogUrl: string) {
  const read = async () => {
    const catalog = connectLite(lite, catalogUrl, 1);
    try {
      const found = await catalog.introspect({ useCache: false });
      // lite answers with an empty schema when it could not read; only a real one has this part.
      if (!('timezones' in found)) throw new Error('The schema could not be read.');
      return found;
    } finally {
      await catalog.close();
    }
  };
  let reading: ReturnType<typeof read> | undefined;
  return async () => {
    reading ??= read();
    try {
      return await reading;
    } catch (error) {
      reading = undefined;
      throw error;
    }
  };
}

function keyOf(request: RestRequest | undefined) {
  const claims = { ...request?.claims };
  return { type: claims['role'] === 'service_role' ? ('secret' as const) : ('publishable' as const), claims };
}

/** The gateway has checked key and token; lite gets a key of ours, which stands for the claims in `current`. */
function asKeyHolder(request: Request, body: ArrayBuffer | undefined): Request {
  const headers = new Headers(request.headers);
  headers.delete('authorization');
  // lite refuses secret keys from browsers by this header; the hosted gateway does so for `sb_secret_` alone.
  if (/mozilla/i.test(headers.get('user-agent') ?? '')) headers.delete('user-agent');
  headers.set('apikey', 'gateway');
  const url = new URL(request.url);
  url.searchParams.delete('apikey');
  return new Request(url, { method: request.method, headers, ...(body === undefined ? {} : { body }), signal: request.signal });
}

async function mendError(response: Response, { claims, error }: RestRequest): Promise<Response> {
  if (response.status !== 500 || error === undefined) return response;
  const { status, body } = errorAnswer(error, claims['role'] === 'anon');
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

/** lite gives some types as Postgres writes them, where PostgREST has what to_json makes of them. Numbers are type oids (pg_type.dat). */
const jsonTypes = {
  bytea: { to: 17, from: [17], serialize: (value: unknown) => value, parse: (text: string) => text },
  timestamp: { to: 1114, from: [1114], serialize: (value: unknown) => value, parse: (text: string) => text.replace(' ', 'T') },
  timestamptz: { to: 1184, from: [1184], serialize: (value: unknown) => value, parse: isoTime },
  numeric: {
    to: 1700,
    from: [1700],
    serialize: String,
    parse: (text: string) => (Number.isFinite(Number(text)) ? Number(text) : text),
  },
};

let loading: Promise<Lite> | undefined;

/** Loads lite once and takes back what that does to the process. */
function loadLite(): Promise<Lite> {
  const load = async () => {
    // lite replaces it by one that throws when it is given an Error, as Node itself does.
    const { emitWarning } = process;
    const [{ App: app }, { createPostgresConnection: create }] = await Promise.all([
      import('@supabase/lite'),
      import('@supabase/lite/postgres'),
    ]);
    process.emitWarning = emitWarning;
    dropOutputOfRequests();
    return { App: app, createPostgresConnection: create };
  };
  return (loading ??= load());
}

/** lite writes the stack of every refused query to stderr: what it prints while it works on a request is dropped. */
function dropOutputOfRequests(): void {
  for (const level of ['error', 'warn', 'log'] as const) {
    const print = console[level].bind(console);
    console[level] = (...parts: unknown[]) => {
      if (current.getStore() === undefined) print(...parts);
    };
  }
}
