import type { Caught, HeaderValues, Journey, RoutedRequest } from './journey.ts';
import { applyTransform, beginJourney, cookieOf, decodePath, fork, headerOf, matching, splitUrl, substitute } from './journey.ts';
import type { MiddlewareResponse, MiddlewareResult } from './middleware.ts';
import type { CompiledRoute, Locale, Routes } from './routes.ts';
import { firstPhase } from './routes.ts';

/** What is added to the answer and to what a function sees. */
export interface Additions {
  readonly headers: Readonly<HeaderValues>;
  /** Headers that win over the function's own. */
  readonly important: Readonly<HeaderValues>;
  /** Request headers that a function sees otherwise than they were sent; undefined: not at all. */
  readonly requestHeaders: Readonly<Record<string, string | undefined>>;
}

/** What is to be done with a request. */
export type Decision = Additions &
  (
    | {
        readonly kind: 'static' | 'function';
        readonly path: string;
        readonly search: string;
        readonly status: number | undefined;
      }
    | { readonly kind: 'proxy'; readonly url: string }
    | { readonly kind: 'status'; readonly status: number; readonly code?: string }
    | { readonly kind: 'middleware'; readonly response: MiddlewareResponse }
  );

/** What the router asks about a deployment. */
export interface Site {
  /** Says what stands at a path. */
  lookup(path: string): 'static' | 'function' | undefined;
  /** Asks the middleware of this name; `journey` says how far the request has come. */
  middleware(name: string, journey: Journey): Promise<MiddlewareResult>;
}

interface Walk {
  readonly routes: Routes;
  readonly site: Site;
  readonly request: RoutedRequest;
  journey: Journey;
}

/**
 * Decides what a request gets. Each phase runs its routes, then looks for what stands at the path: first those before any `handle`,
 * then `filesystem`, `rewrite` and `resource`. A path where nothing stands goes through `miss` each time, what is found through
 * `hit`, what fails through `error`.
 */
export async function decide(routes: Routes, site: Site, request: RoutedRequest): Promise<Decision> {
  const walk: Walk = { routes, site, request, journey: beginJourney(request) };
  for (const phase of [firstPhase, 'filesystem', 'rewrite', 'resource']) {
    const answer = (await runPhase(walk, phase)) ?? found(walk) ?? (await tryPhase(walk, 'miss'));
    if (answer) return answer;
  }
  const { status } = walk.journey;
  return failed(walk, status !== undefined && status >= 400 ? status : 404);
}

async function runPhase(walk: Walk, phase: string): Promise<Decision | undefined> {
  for (const route of walk.routes.phases.get(phase) ?? []) {
    const caught = matching(route, walk.request, walk.journey);
    if (!caught) continue;
    const answer = (await askMiddleware(walk, route)) ?? follow(walk, route, caught);
    if (answer) return answer;
    if (route.check) {
      const there = found(walk) ?? (await tryOthers(walk, phase));
      if (there) return there;
      continue;
    }
    if (route.continue) continue;
    const there = phase === firstPhase ? undefined : found(walk);
    if (there) return there;
    if (route.dest === undefined && route.status !== undefined) return failed(walk, route.status);
    return undefined;
  }
  return undefined;
}

/** Follows what stands nowhere through `miss` and `rewrite`, unless that is where it comes from. */
async function tryOthers(walk: Walk, phase: string): Promise<Decision | undefined> {
  if (phase === 'miss' || phase === 'rewrite') return undefined;
  return (await tryPhase(walk, 'miss')) ?? (await tryPhase(walk, 'rewrite'));
}

/** Runs a phase on a copy, which counts only if it leads somewhere. */
async function tryPhase(walk: Walk, phase: string): Promise<Decision | undefined> {
  if (!walk.routes.phases.has(phase)) return undefined;
  const trial = { ...walk, journey: fork(walk.journey) };
  return (await runPhase(trial, phase)) ?? found(trial);
}

async function askMiddleware(walk: Walk, route: CompiledRoute): Promise<Decision | undefined> {
  const { journey, site, request } = walk;
  const name = route.middlewarePath;
  if (name === undefined || journey.asked.has(name)) return undefined;
  journey.asked.add(name);
  const result = await site.middleware(name, journey);
  if (result.kind === 'failed') return { kind: 'status', status: 500, code: 'MIDDLEWARE_INVOCATION_FAILED', ...additions(journey) };
  Object.assign(journey.headers, result.headers);
  Object.assign(journey.requestHeaders, result.requestHeaders);
  if (result.kind === 'respond') return { kind: 'middleware', response: result.response, ...additions(journey) };
  if (result.kind === 'next') return undefined;
  const own = `http://${request.host}`;
  const url = new URL(result.url, own);
  if (url.hostname !== new URL(own).hostname) return { kind: 'proxy', url: url.href, ...additions(journey) };
  journey.path = url.pathname;
  journey.search = new URLSearchParams(url.search);
  journey.sentSearch = url.search.slice(1);
  return undefined;
}

/** Applies a matched route to the journey; returns a decision when the route itself is the answer. */
function follow(walk: Walk, route: CompiledRoute, caught: Caught): Decision | undefined {
  const { journey, request } = walk;
  if (route.override) journey.status = undefined;
  applyHeaders(journey, route, caught);
  for (const transform of route.transforms ?? []) applyTransform(transform, caught, request, journey);
  if (route.locale) localize(walk, route.locale);
  if (route.status !== undefined) journey.status = route.status;
  const location = journey.headers['location'];
  if (typeof location === 'string' && journey.status !== undefined && journey.status >= 300 && journey.status < 400) {
    journey.headers['location'] = withSearch(location, journey.search);
    return { kind: 'status', status: journey.status, ...additions(journey) };
  }
  if (route.dest === undefined) return undefined;
  const dest = substitute(route.dest, caught);
  if (/^https?:\/\//.test(dest)) return { kind: 'proxy', url: withSearch(dest, journey.search), ...additions(journey) };
  const [path = '/', search = ''] = splitUrl(dest);
  journey.path = path.startsWith('/') ? path : `/${path}`;
  const added = new URLSearchParams(search);
  if (added.size > 0) journey.sentSearch = undefined;
  for (const key of new Set(added.keys())) journey.search.delete(key);
  for (const [key, value] of added) journey.search.append(key, value);
  return undefined;
}

function applyHeaders(journey: Journey, route: CompiledRoute, caught: Caught): void {
  for (const [name, value] of Object.entries(route.headers ?? {})) {
    const text = substitute(value, caught);
    journey.headers[name.toLowerCase()] = text;
    if (route.important) journey.important[name.toLowerCase()] = text;
  }
}

/** Sends visitors of a language that the route names to its pages: by cookie, else by what the browser prefers. */
function localize({ journey, request }: Walk, { redirect = {}, cookie }: Locale): void {
  const chosen = cookie === undefined ? undefined : cookieOf(request, journey, cookie);
  const preferred = (headerOf(request, journey, 'accept-language') ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', quality] = part.trim().split(/;\s*q=/);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .toSorted((left, right) => right.quality - left.quality)
    .map(({ tag }) => tag);
  const byName = new Map(Object.entries(redirect).map(([name, to]) => [name.toLowerCase(), to]));
  const to = [chosen ?? [], preferred]
    .flat()
    .map((tag) => byName.get(tag.toLowerCase()))
    .find((one) => one !== undefined);
  if (to === undefined || journey.path === to) return;
  journey.headers['location'] = to;
  journey.status = 307;
}

function found(walk: Walk): Decision | undefined {
  const { site, journey } = walk;
  const path = standingAt(site, journey.path);
  if (path === undefined) return undefined;
  return at(walk, path, journey.status);
}

/** Returns the path under which something stands: as it is, decoded, without a slash at its end. */
function standingAt(site: Site, path: string): string | undefined {
  const bare = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  return [path, bare, decodePath(path), decodePath(bare)].find((candidate) => site.lookup(candidate) !== undefined);
}

function at(walk: Walk, path: string, status: number | undefined): Decision | undefined {
  const { routes, site, request, journey } = walk;
  const kind = site.lookup(path);
  if (!kind) return undefined;
  const before = journey.path;
  journey.path = path;
  for (const route of routes.phases.get('hit') ?? []) {
    const caught = matching(route, request, journey);
    if (!caught) continue;
    applyHeaders(journey, route, caught);
    for (const transform of route.transforms ?? []) applyTransform(transform, caught, request, journey);
    if (!route.continue) break;
  }
  journey.path = before;
  const search = journey.sentSearch ?? journey.search.toString();
  return { kind, path, search: search ? `?${search}` : '', status, ...additions(journey) };
}

function failed(walk: Walk, status: number): Decision {
  const { routes, site, request, journey } = walk;
  journey.sentSearch = '';
  for (const route of routes.phases.get('error') ?? []) {
    const caught = matching(route, request, journey);
    if (!caught || (route.status !== undefined && route.status !== status)) continue;
    applyHeaders(journey, route, caught);
    const [path = '/'] = splitUrl(substitute(route.dest ?? '', caught));
    const page = route.dest === undefined ? undefined : at(walk, path, status);
    if (page) return page;
  }
  const name = [`/${status}.html`, `/${status}`].find((path) => site.lookup(path) === 'static');
  const page = name === undefined ? undefined : at(walk, name, status);
  return page ?? { kind: 'status', status, ...additions(journey) };
}

function additions({ headers, important, requestHeaders }: Journey): Additions {
  return { headers, important, requestHeaders };
}

/** Adds the query to an address; what the address has of its own wins. */
function withSearch(address: string, search: URLSearchParams): string {
  const [whole = '', fragment] = address.split('#');
  const [path = '', own = ''] = splitUrl(whole);
  const merged = new URLSearchParams(own);
  const taken = new Set(merged.keys());
  for (const [key, value] of search) if (!taken.has(key)) merged.append(key, value);
  if (merged.size === taken.size) return address;
  return `${path}?${merged.toString()}${fragment === undefined ? '' : `#${fragment}`}`;
}
