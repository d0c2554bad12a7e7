import type { CompiledCondition, CompiledRoute, Transform } from './routes.ts';

/** Headers by lower-case name; several values for `set-cookie`. */
export type HeaderValues = Record<string, string | string[]>;

/** What of a request the router looks at. */
export interface RoutedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request on its way through the phases. */
export interface Journey {
  path: string;
  search: URLSearchParams;
  /** The query as it was sent, while no route has changed it. */
  sentSearch: string | undefined;
  status: number | undefined;
  /** Headers for the answer. */
  headers: HeaderValues;
  /** Headers for the answer that win over the function's own. */
  important: HeaderValues;
  /** Headers that a function sees otherwise than they were sent; undefined: not at all. */
  requestHeaders: Record<string, string | undefined>;
  /** Middleware that has been asked. */
  readonly asked: Set<string>;
}

/** Returns the beginning of a request's journey. */
export function beginJourney(request: RoutedRequest): Journey {
  const [path = '/', search = ''] = splitUrl(request.url);
  return {
    path,
    search: new URLSearchParams(search),
    sentSearch: search,
    status: undefined,
    headers: {},
    important: {},
    requestHeaders: {},
    asked: new Set(),
  };
}

/** Returns a copy that can be thrown away. */
export function fork(journey: Journey): Journey {
  return {
    ...journey,
    search: new URLSearchParams(journey.search),
    headers: { ...journey.headers },
    important: { ...journey.important },
    requestHeaders: { ...journey.requestHeaders },
  };
}

/** What a route caught: by number and by name. */
export interface Caught {
  readonly numbers: readonly (string | undefined)[];
  readonly names: Readonly<Record<string, string | undefined>>;
}

/** Returns what a route catches of the request, or undefined when it does not match. */
export function matching(route: CompiledRoute, request: RoutedRequest, journey: Journey): Caught | undefined {
  if (route.methods && !route.methods.includes(request.method)) return undefined;
  const match = matchPath(route.pattern, journey.path);
  if (!match) return undefined;
  const names: Record<string, string | undefined> = { ...match.names };
  for (const condition of route.has) {
    const held = holds(condition, request, journey);
    if (!held) return undefined;
    Object.assign(names, held);
  }
  if (route.missing.some((condition) => holds(condition, request, journey))) return undefined;
  return { numbers: match.numbers, names };
}

/** The path is matched as it was sent; else decoded, so that no spelling slips past a route. */
function matchPath(pattern: RegExp, path: string): Caught | undefined {
  const match = pattern.exec(path);
  if (match) return { numbers: [...match], names: { ...match.groups } };
  const decoded = decodePath(path);
  const second = decoded === path ? undefined : pattern.exec(decoded);
  if (!second) return undefined;
  const encode = (text: string | undefined) => text?.replaceAll(/[?#&%+]/g, encodeURIComponent);
  const names = Object.entries(second.groups ?? {}).map(([name, text]) => [name, encode(text)] as const);
  return { numbers: [...second].map(encode), names: Object.fromEntries(names) };
}

/** Returns what a condition catches, or undefined when it does not hold. */
function holds(condition: CompiledCondition, request: RoutedRequest, journey: Journey): Record<string, string> | undefined {
  const seen = seenBy(condition, request, journey);
  if (seen === undefined) return undefined;
  if (condition.value === undefined) return { [(condition.key ?? 'host').replaceAll(/[^A-Za-z]/g, '')]: seen };
  if (!condition.pattern) return comparesTo(condition.value, seen) ? {} : undefined;
  const match = condition.pattern.exec(seen);
  return match ? { ...match.groups } : undefined;
}

function comparesTo(value: unknown, seen: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const number = Number(seen);
  const tests: Readonly<Record<string, (to: unknown) => boolean>> = {
    eq: (to) => String(to) === seen,
    neq: (to) => String(to) !== seen,
    pre: (to) => seen.startsWith(String(to)),
    suf: (to) => seen.endsWith(String(to)),
    re: (to) => new RegExp(String(to)).test(seen),
    inc: (to) => Array.isArray(to) && to.includes(seen),
    ninc: (to) => Array.isArray(to) && !to.includes(seen),
    gt: (to) => number > Number(to),
    gte: (to) => number >= Number(to),
    lt: (to) => number < Number(to),
    lte: (to) => number <= Number(to),
  };
  return Object.entries(value).every(([name, to]) => tests[name]?.(to) ?? false);
}

function seenBy(condition: CompiledCondition, request: RoutedRequest, journey: Journey): string | undefined {
  const key = condition.key ?? '';
  switch (condition.type) {
    case 'host':
      return request.host;
    case 'query':
      return journey.search.get(key) ?? undefined;
    case 'header':
      return headerOf(request, journey, key);
    case 'cookie':
      return cookieOf(request, journey, key);
    default:
      return undefined;
  }
}

/** Returns a request header as it stands at this point of the journey. */
export function headerOf(request: RoutedRequest, journey: Journey, name: string): string | undefined {
  const key = name.toLowerCase();
  return key in journey.requestHeaders ? journey.requestHeaders[key] : request.headers[key]?.toString();
}

/** Returns a cookie of the request. */
export function cookieOf(request: RoutedRequest, journey: Journey, name: string): string | undefined {
  const cookies = headerOf(request, journey, 'cookie')?.split(/;\s*/) ?? [];
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Replaces `$1`, `$name` and `${name}` by what was caught. */
export function substitute(text: string, caught: Caught): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|([A-Za-z_]\w*)|(\d+))/g, (_whole, braced?: string, named?: string, index?: string) => {
    if (index !== undefined) return caught.numbers[Number(index)] ?? '';
    const name = braced ?? named ?? '';
    return caught.names[name] ?? caught.numbers[Number(name)] ?? '';
  });
}

/** Changes headers and query as a route says. */
export function applyTransform(transform: Transform, caught: Caught, request: RoutedRequest, journey: Journey): void {
  const key = substitute(transform.target.key, caught);
  const values = [transform.args ?? []].flat().map((text) => substitute(text, caught));
  const name = key.toLowerCase();
  switch (transform.type) {
    case 'request.query':
      journey.sentSearch = undefined;
      if (transform.op !== 'append') journey.search.delete(key);
      if (transform.op !== 'delete') for (const value of values) journey.search.append(key, value);
      return;
    case 'request.headers': {
      const before = transform.op === 'append' ? headerOf(request, journey, name) : undefined;
      journey.requestHeaders[name] = transform.op === 'delete' ? undefined : [...(before ? [before] : []), ...values].join(', ');
      return;
    }
    case 'response.headers': {
      const before = transform.op === 'append' ? [journey.headers[name] ?? []].flat() : [];
      if (transform.op === 'delete') delete journey.headers[name];
      else journey.headers[name] = name === 'set-cookie' ? [...before, ...values] : [...before, ...values].join(', ');
    }
  }
}

/** Returns path and query of an address without its origin; the query is missing where there is none. */
export function splitUrl(url: string): string[] {
  const end = url.indexOf('?');
  return end < 0 ? [url] : [url.slice(0, end), url.slice(end + 1)];
}

/** Returns a path with its escapes resolved, or as it is where they are wrong. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
