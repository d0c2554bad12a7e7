import { z } from 'zod';
import { jsonOrUndefined } from '../../core/json.ts';
import type { DataApi, JsonValue, Row } from '../../core/ports/database.ts';
import type { ApiClient, ApiRequest } from '../http/api-client.ts';
import { apiPath } from '../http/api-path.ts';
import { VendorError } from '../http/api-error.ts';

const rowsSchema: z.ZodType<readonly Row[]> = z.array(z.record(z.string(), z.json()));

// GoTrue's admin API (contracts.md §4.4), only the fields that are used.
const userSchema = z.object({ id: z.string(), email: z.string().nullish() });

const usersPageSchema = z.object({ users: z.array(userSchema) });

/** Keys a query: the address stays far below the 8 KiB that proxies take. */
const keysPerQuery = 50;

/** Rows a request. */
const rowsPerRequest = 500;

/** Users a page, and pages that are read at most: 100,000 users. */
const usersPerPage = 1000;
const maxUserPages = 100;

/** Returns the port over a project's gateway with the service role's key; `anonApi` has the anon key and only signs in. */
export function supabaseDataApi(api: ApiClient, anonApi: ApiClient): DataApi {
  return {
    rowsByKey: (table, keyColumns, keys, signal) => rowsByKey(api, { table, keyColumns, keys }, signal),
    upsert: (table, keyColumns, rows, signal) => upsert(api, { table, keyColumns, rows }, signal),
    findUser: (email, signal) => findUser(api, email, signal),
    createUser: (user, signal) => createUser(api, user, signal),
    deleteUser: async (userId, signal) => {
      await api.send({ method: 'DELETE', path: apiPath`/auth/v1/admin/users/${userId}`, repeatable: true, accept: [404], signal });
    },
    setPassword: async (userId, password, signal) => {
      await api.send({ method: 'PUT', path: apiPath`/auth/v1/admin/users/${userId}`, json: { password }, signal });
    },
    canSignIn: (email, password, signal) => canSignIn(anonApi, email, password, signal),
  };
}

async function rowsByKey(
  api: ApiClient,
  wanted: { readonly table: string; readonly keyColumns: readonly string[]; readonly keys: readonly Row[] },
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const keys of chunks(wanted.keys, keysPerQuery)) {
    const query = { select: '*', ...keyFilter(wanted.keyColumns, keys) };
    found.push(...(await api.read({ method: 'GET', path: apiPath`/rest/v1/${wanted.table}`, query, signal }, rowsSchema)));
  }
  return found;
}

/** Returns PostgREST's filter for rows whose key columns equal those of one of the keys. */
export function keyFilter(columns: readonly string[], keys: readonly Row[]): Record<string, string> {
  const [only, ...others] = columns;
  if (only === undefined) throw new TypeError('A table needs at least one key column.');
  if (others.length === 0 && keys.every((key) => (key[only] ?? null) !== null)) {
    return { [only]: `in.(${keys.map((key) => quoted(key[only] ?? null)).join(',')})` };
  }
  const conditions = keys.map((key) => `and(${columns.map((column) => condition(column, key[column] ?? null)).join(',')})`);
  return { or: `(${conditions.join(',')})` };
}

function condition(column: string, value: JsonValue): string {
  return value === null ? `${column}.is.null` : `${column}.eq.${quoted(value)}`;
}

/** Inside a list PostgREST takes reserved characters only between double quotes, with backslash as the escape. */
function quoted(value: JsonValue): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

async function upsert(
  api: ApiClient,
  wanted: { readonly table: string; readonly keyColumns: readonly string[]; readonly rows: readonly Row[] },
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const stored: Row[] = [];
  // One request must have the same columns in every row, or those that a row leaves out would be reset to their defaults.
  for (const rows of sameColumns(wanted.rows).flatMap((group) => chunks(group, rowsPerRequest))) {
    const query = { on_conflict: wanted.keyColumns.join(',') };
    const headers = { prefer: 'resolution=merge-duplicates,return=representation' };
    // By its key columns an upsert is the same however often it is made.
    const request: ApiRequest = {
      method: 'POST',
      path: apiPath`/rest/v1/${wanted.table}`,
      query,
      headers,
      json: rows,
      repeatable: true,
      signal,
    };
    stored.push(...(await api.read(request, rowsSchema)));
  }
  return stored;
}

async function findUser(api: ApiClient, email: string, signal: AbortSignal): Promise<string | undefined> {
  const wanted = email.toLowerCase();
  const seen = new Set<string>();
  for (let page = 1; page <= maxUserPages; page += 1) {
    const { users } = await api.read(
      { method: 'GET', path: '/auth/v1/admin/users', query: { page, per_page: usersPerPage }, signal },
      usersPageSchema,
    );
    const found = users.find((user) => user.email?.toLowerCase() === wanted);
    if (found !== undefined) return found.id;
    // A server may give smaller pages than asked for; only an empty one, or one that repeats, is the end.
    if (users.every((user) => seen.has(user.id))) return undefined;
    for (const user of users) seen.add(user.id);
  }
  throw new VendorError(
    'vendor',
    'SUPABASE_TOO_MANY_USERS',
    `The Supabase project has more than ${seen.size} users: looking for one by address stopped there.`,
    {
      fix: 'Check that this project is staging: it should hold the seeded users only.',
    },
  );
}

async function createUser(
  api: ApiClient,
  user: { readonly email: string; readonly password: string },
  signal: AbortSignal,
): Promise<string> {
  const json = { email: user.email, password: user.password, email_confirm: true };
  // Addresses are unique there, so repeating is safe: a second call is refused with 422 and the user is found instead.
  const request: ApiRequest = { method: 'POST', path: '/auth/v1/admin/users', json, repeatable: true, accept: [422], signal };
  const answer = await api.send(request);
  if (answer.status !== 422) return api.parse(request, answer, userSchema).id;
  const found = await findUser(api, user.email, signal);
  if (found === undefined) throw api.refusal(request, answer);
  await api.send({ method: 'PUT', path: apiPath`/auth/v1/admin/users/${found}`, json: { password: user.password }, signal });
  return found;
}

async function canSignIn(api: ApiClient, email: string, password: string, signal: AbortSignal): Promise<boolean> {
  const request: ApiRequest = {
    method: 'POST',
    path: '/auth/v1/token',
    query: { grant_type: 'password' },
    json: { email, password },
    repeatable: true,
    accept: [400, 401, 422],
    signal,
  };
  const answer = await api.send(request);
  if (answer.status >= 200 && answer.status < 300) return true;
  const said = z
    .object({ error_code: z.string().optional(), code: z.union([z.string(), z.number()]).optional(), error: z.string().optional() })
    .safeParse(jsonOrUndefined(answer.text)).data;
  // `invalid_grant` is the older form, `invalid_credentials` the newer (Supabase Auth error codes).
  if ([said?.error_code, said?.code, said?.error].some((code) => code === 'invalid_credentials' || code === 'invalid_grant')) return false;
  throw api.refusal(request, answer);
}

function sameColumns(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const columns = Object.keys(row).toSorted().join(',');
    groups.set(columns, [...(groups.get(columns) ?? []), row]);
  }
  return [...groups.values()];
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
