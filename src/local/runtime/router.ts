/** One entry of `routes` in a Build Output `config.json` (vercel.com/docs/build-output-api/configuration). */
export interface Route {
  readonly src?: string | undefined;
  /** Begins a phase instead of matching. */
  readonly handle?: string | undefined;
  readonly dest?: string | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly continue?: boolean | undefined;
  readonly check?: boolean | undefined;
  readonly methods?: readonly string[] | undefined;
  readonly has?: readonly Condition[] | undefined;
  readonly missing?: readonly Condition[] | undefined;
  readonly caseSensitive?: boolean | undefined;
}

/** What a request must (`has`) or must not (`missing`) carry. */
export interface Condition {
  readonly type: 'header' | 'cookie' | 'query' | 'host';
  readonly key?: string | undefined;
  readonly value?: unknown;
}

/** Routes by phase, their patterns compiled. */
export interface Routes {
  readonly phases: ReadonlyMap<string, readonly CompiledRoute[]>;
}

interface CompiledRoute extends Route {
  readonly pattern: RegExp;
}

/** What of a request the router looks at. */
export interface RoutedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What is to be done with a request. Headers are added to the answer. */
export type Decision =
  | {
      readonly kind: 'static' | 'function';
      readonly path: string;
      readonly search: string;
      readonly status: number | undefined;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'proxy'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'status'; readonly status: number; readonly headers: Readonly<Record<string, string>> };

/** Says what stands at a path. */
export type Lookup = (path: string) => 'static' | 'function' | undefined;

/** The phase before the first `handle`. */
const first = '';

/** Returns routes ready to be asked. Throws when a pattern is no regular expression. */
export function compileRoutes(routes: readonly Route[]): Routes {
  const phases = new Map<string, CompiledRoute[]>();
  let phase = first;
  for (const route of routes) {
    if (route.handle !== undefined) {
      phase = route.handle;
      continue;
    }
    if (route.src === undefined) throw new Error('A route has neither `src` nor `handle`.');
    const pattern = new RegExp(anchored(route.src), route.caseSensitive ? '' : 'i');
    phases.set(phase, [...(phases.get(phase) ?? []), { ...route, pattern }]);
  }
  return { phases };
}

function anchored(src: string): string {
  return `${src.startsWith('^') ? '' : '^'}${src}${src.endsWith('$') ? '' : '$'}`;
}

/** The request on its way through the phases. */
interface Journey {
  path: string;
  search: URLSearchParams;
  /** The query as it was sent, while no route has added to it. */
  sentSearch: string | undefined;
  headers: Record<string, string>;
  status: number | undefined;
}

/** Decides what a request gets: routes, then files and functions, then the routes of the later phases, then 404. */
export function decide(routes: Routes, lookup: Lookup, request: RoutedRequest): Decision {
  const [path = '/', search = ''] = splitUrl(request.url);
  const journey: Journey = {
    path: decodePath(path),
    search: new URLSearchParams(search),
    sentSearch: search,
    headers: {},
    status: undefined,
  };
  for (const phase of [first, 'filesystem', 'rewrite', 'miss']) {
    const answer = runPhase(routes, phase, lookup, request, journey) ?? found(routes, lookup, request, journey);
    if (answer) return answer;
  }
  return failed(routes, lookup, request, journey, journey.status ?? 404);
}

function runPhase(routes: Routes, phase: string, lookup: Lookup, request: RoutedRequest, journey: Journey): Decision | undefined {
  for (const route of routes.phases.get(phase) ?? []) {
    const match = matching(route, request, journey);
    if (!match) continue;
    const answer = follow(route, match, journey);
    if (answer) return answer;
    if (route.continue) continue;
    if (route.check || phase !== first) {
      const there = found(routes, lookup, request, journey);
      if (there) return there;
      if (route.check) continue;
    }
    if (route.dest === undefined && route.status !== undefined) return failed(routes, lookup, request, journey, route.status);
    return undefined;
  }
  return undefined;
}

/** Applies a matched route to the journey; returns a decision when the route itself is the answer. */
function follow(route: CompiledRoute, match: RegExpExecArray, journey: Journey): Decision | undefined {
  for (const [name, value] of Object.entries(route.headers ?? {})) journey.headers[name.toLowerCase()] = substitute(value, match);
  if (route.status !== undefined) journey.status = route.status;
  const location = journey.headers['location'];
  if (location !== undefined && route.status !== undefined && route.status >= 300 && route.status < 400) {
    return { kind: 'status', status: route.status, headers: journey.headers };
  }
  if (route.dest === undefined) return undefined;
  const dest = substitute(route.dest, match);
  if (/^https?:\/\//.test(dest)) return { kind: 'proxy', url: withSearch(dest, journey.search), headers: journey.headers };
  const [path = '/', search = ''] = splitUrl(dest);
  journey.path = path.startsWith('/') ? path : `/${path}`;
  for (const [key, value] of new URLSearchParams(search)) {
    journey.search.set(key, value);
    journey.sentSearch = undefined;
  }
  return undefined;
}

function found(routes: Routes, lookup: Lookup, request: RoutedRequest, journey: Journey): Decision | undefined {
  const path = journey.path.length > 1 ? journey.path.replace(/\/+$/, '') || '/' : journey.path;
  const kind = lookup(journey.path) ? lookup(journey.path) : lookup(path);
  if (!kind) return undefined;
  for (const route of routes.phases.get('hit') ?? []) {
    const match = matching(route, request, journey);
    if (!match) continue;
    for (const [name, value] of Object.entries(route.headers ?? {})) journey.headers[name.toLowerCase()] = substitute(value, match);
    if (!route.continue) break;
  }
  const search = journey.sentSearch ?? journey.search.toString();
  return {
    kind,
    path: lookup(journey.path) ? journey.path : path,
    search: search ? `?${search}` : '',
    status: journey.status,
    headers: journey.headers,
  };
}

function failed(routes: Routes, lookup: Lookup, request: RoutedRequest, journey: Journey, status: number): Decision {
  for (const route of routes.phases.get('error') ?? []) {
    const match = matching(route, request, journey);
    if (!match || (route.status !== undefined && route.status !== status)) continue;
    for (const [name, value] of Object.entries(route.headers ?? {})) journey.headers[name.toLowerCase()] = substitute(value, match);
    if (route.dest === undefined) continue;
    const [path = '/'] = splitUrl(substitute(route.dest, match));
    const kind = lookup(path);
    if (kind) return { kind, path, search: '', status, headers: journey.headers };
  }
  const page = lookup(`/${status}.html`) ? `/${status}.html` : `/${status}`;
  const kind = lookup(page);
  if (kind === 'static') return { kind, path: page, search: '', status, headers: journey.headers };
  return { kind: 'status', status, headers: journey.headers };
}

function matching(route: CompiledRoute, request: RoutedRequest, journey: Journey): RegExpExecArray | undefined {
  if (route.methods && !route.methods.includes(request.method)) return undefined;
  const match = route.pattern.exec(journey.path);
  if (!match) return undefined;
  if (route.has && !route.has.every((condition) => holds(condition, request, journey))) return undefined;
  if (route.missing?.some((condition) => holds(condition, request, journey))) return undefined;
  return match;
}

function holds(condition: Condition, request: RoutedRequest, journey: Journey): boolean {
  const seen = seenBy(condition, request, journey);
  if (seen === undefined) return false;
  if (condition.value === undefined) return true;
  if (typeof condition.value === 'string') return new RegExp(`^${condition.value}$`).test(seen);
  return comparesTo(condition.value, seen);
}

function comparesTo(value: unknown, seen: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const tests: Readonly<Record<string, (to: unknown) => boolean>> = {
    eq: (to) => String(to) === seen,
    neq: (to) => String(to) !== seen,
    pre: (to) => seen.startsWith(String(to)),
    suf: (to) => seen.endsWith(String(to)),
    re: (to) => new RegExp(String(to)).test(seen),
    inc: (to) => Array.isArray(to) && to.includes(seen),
    ninc: (to) => Array.isArray(to) && !to.includes(seen),
  };
  return Object.entries(value).every(([name, to]) => tests[name]?.(to) ?? false);
}

function seenBy(condition: Condition, request: RoutedRequest, journey: Journey): string | undefined {
  const key = condition.key ?? '';
  switch (condition.type) {
    case 'host':
      return request.host;
    case 'query':
      return journey.search.get(key) ?? undefined;
    case 'header':
      return request.headers[key.toLowerCase()]?.toString();
    case 'cookie': {
      const cookies = request.headers['cookie']?.toString().split(/;\s*/) ?? [];
      return cookies.find((cookie) => cookie.startsWith(`${key}=`))?.slice(key.length + 1);
    }
    default:
      return undefined;
  }
}

/** Replaces `$1`, `$name` and `${name}` by what the pattern caught. */
function substitute(text: string, match: RegExpExecArray): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|([A-Za-z_]\w*)|(\d+))/g, (_whole, braced?: string, named?: string, index?: string) => {
    if (index !== undefined) return match[Number(index)] ?? '';
    const name = braced ?? named ?? '';
    return match.groups?.[name] ?? match[Number(name)] ?? '';
  });
}

function splitUrl(url: string): string[] {
  const end = url.indexOf('?');
  return end < 0 ? [url] : [url.slice(0, end), url.slice(end + 1)];
}

function withSearch(url: string, search: URLSearchParams): string {
  const target = new URL(url);
  for (const [key, value] of search) if (!target.searchParams.has(key)) target.searchParams.set(key, value);
  return target.href;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
