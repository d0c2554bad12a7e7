import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A vendor that publishes an OpenAPI file for the interface that the local cloud emulates. */
export type Vendor = 'vercel' | 'supabase' | 'upstash';

/** A JSON schema, as ajv takes it. */
export type Schema = Readonly<Record<string, unknown>>;

interface Responses {
  readonly [status: string]: { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** One operation of a vendor's interface. */
export interface Operation {
  /** `GET /v9/projects/{idOrName}`, as the vendor spells it. */
  readonly key: string;
  readonly responses: Responses;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** A vendor's OpenAPI file. */
export interface Specification {
  readonly vendor: Vendor;
  readonly operations: number;
  /** The schemas that operations refer to as `#/components/schemas/…`. */
  readonly components: Document['components'];
  /** Returns the operations that a request may mean, the likeliest first; Vercel's in any version of its path. */
  find(method: string, path: string): readonly Operation[];
}

interface Route extends Operation {
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  /** Named by words rather than by a parameter: the more, the likelier. */
  readonly words: number;
}

/** Reads a vendor's committed OpenAPI file. */
export function readSpecification(vendor: Vendor): Specification {
  const file = new URL(`${vendor}.json.gz`, import.meta.url);
  const document: Document = JSON.parse(gunzipSync(readFileSync(file)).toString());
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => routeOf(vendor, method.toUpperCase(), path, responses)),
  );
  return {
    vendor,
    operations: routes.length,
    components: document.components,
    find: (method, path) => {
      const plain = plainPath(vendor, path);
      const found = routes.filter((route) => route.method === method && route.pattern.test(plain));
      const most = Math.max(...found.map(({ words }) => words));
      const likeliest = found.filter(({ words }) => words === most).toSorted((a, b) => versionOf(b.path) - versionOf(a.path));
      const exact = likeliest.filter((route) => versionOf(route.path) === versionOf(path));
      return exact.length > 0 ? exact : likeliest;
    },
  };
}

function routeOf(vendor: Vendor, method: string, path: string, responses: Responses): Route {
  const parts = plainPath(vendor, path).split('/');
  const pattern = parts.map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^$()|[\]\\]/g, '\\$&'))).join('/');
  const words = parts.filter((part) => !part.startsWith('{')).length;
  return { key: `${method} ${path}`, method, path, responses, words, pattern: new RegExp(`^${pattern}$`) };
}

/** Vercel answers in any version, with or without `/now`; Upstash's file leaves out the `/v2` of its server's address. */
function plainPath(vendor: Vendor, path: string): string {
  if (vendor === 'supabase') return path;
  const plain = path.replace(/^\/v\d+(?=\/)/, '').replace(/(?<=.)\/+$/, '');
  return vendor === 'vercel' ? plain.replace(/^\/now(?=\/)/, '') : plain;
}

function versionOf(path: string): number {
  return Number(/^\/v(\d+)\//.exec(path)?.[1] ?? 0);
}
