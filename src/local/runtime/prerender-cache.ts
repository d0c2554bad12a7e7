import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { answerError, requestId } from './error-page.ts';
import type { Rewritten } from './forwarded.ts';
import { functionHeaders, ownHeaders } from './forwarded.ts';
import type { HeaderValues } from './journey.ts';
import type { Instance } from './instance.ts';
import type { Prerender, PrerenderedFile } from './prerenders.ts';
import { askFunction } from './proxy.ts';
import { isKnownEtag } from './static.ts';

/** A request for a page whose answers are kept. */
export interface PrerenderRequest {
  readonly deployment: string;
  readonly prerender: Prerender;
  readonly functionName: string;
  readonly decision: Rewritten;
  /** Returns the function's process, starting it where it is not running. */
  readonly instance: () => Promise<Instance>;
  readonly request: IncomingMessage;
}

/** Kept answers of functions: served at once while they are made anew behind the visitor's back. */
export interface PrerenderCache {
  answer(asked: PrerenderRequest, response: ServerResponse): Promise<void>;
  /** Forgets the answers of a deployment. */
  forget(deployment: string): void;
}

interface Kept {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly body: Buffer;
  /** When it was made, milliseconds since 1970. */
  readonly atMs: number;
  /** Seconds that it is fresh; undefined: for ever. */
  readonly freshSeconds: number | undefined;
}

/** Headers of a visitor that a prerendered page may see; what others send must not end up in an answer for all. */
const visible = /^(?:host|x-forwarded-(?:host|proto)|x-vercel-id|x-matched-path|x-prerender-revalidate(?:-if-generated)?|x-jv-.*)$/;

/** Headers of an answer that are for one visitor or for the platform. */
const notKept = ['set-cookie', 'cache-control', 'content-length', 'x-next-cache-tags'];

/** Returns an empty cache for `roomBytes`. `log` takes what goes wrong behind a visitor's back. */
export function createPrerenderCache(roomBytes: number, log: (line: string) => void): PrerenderCache {
  const store = createStore(roomBytes);
  const making = new Map<string, Promise<Made>>();
  const make = (key: string, asked: PrerenderRequest): Promise<Made> => {
    const known = making.get(key);
    if (known) return known;
    const work = ask(asked).then((made) => {
      if (made.keep) store.set(key, made.answer);
      return made;
    });
    making.set(key, work);
    void work.then(
      () => making.delete(key),
      () => making.delete(key),
    );
    return work;
  };
  return {
    answer: async (asked, response) => {
      const key = `${asked.deployment} ${asked.decision.path}${searchOf(asked)}`;
      const { prerender, request } = asked;
      if (prerender.bypassToken !== undefined && request.headers['x-prerender-revalidate'] === prerender.bypassToken) {
        await making.get(key)?.catch(() => undefined);
        return write(asked, (await make(key, asked)).answer, 'REVALIDATED', response);
      }
      const known = store.get(key);
      const kept = known ?? (prerender.fallback && (await fromDisk(prerender.fallback, prerender.freshSeconds)));
      if (!kept) return write(asked, (await make(key, asked)).answer, 'MISS', response);
      const isFresh = kept.freshSeconds === undefined || Date.now() - kept.atMs < kept.freshSeconds * 1000;
      if (!isFresh) make(key, asked).catch((error: unknown) => log(`${asked.functionName}: ${String(error)}`));
      return write(asked, kept, isFresh ? (known ? 'HIT' : 'PRERENDER') : 'STALE', response);
    },
    forget: (deployment) => store.forget(`${deployment} `),
  };
}

/** Says whether a request goes past the cache: it changes something, or shows the deployment's secret. */
export function goesPastCache(prerender: Prerender, request: IncomingMessage): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return true;
  const cookies = (request.headers.cookie ?? '').split(/;\s*/);
  if (prerender.bypassToken !== undefined && cookies.includes(`__prerender_bypass=${prerender.bypassToken}`)) return true;
  return prerender.bypassFor.some(({ type, key = '', pattern }) => {
    const seen = type === 'header' ? request.headers[key.toLowerCase()]?.toString() : cookieOf(cookies, type === 'cookie' ? key : '');
    return seen !== undefined && (pattern?.test(seen) ?? true);
  });
}

function cookieOf(cookies: readonly string[], name: string): string | undefined {
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** An answer just made. */
interface Made {
  readonly answer: Kept;
  readonly keep: boolean;
}

async function ask(asked: PrerenderRequest): Promise<Made> {
  const { decision, functionName, request, prerender } = asked;
  const instance = await asked.instance();
  const all = Object.entries(functionHeaders(instance, functionName, decision, request, requestId()));
  const headers: OutgoingHttpHeaders = Object.fromEntries(all.filter(([name]) => visible.test(name)));
  const path = (request.url ?? '/').replace(/\?.*$/s, '');
  const answer = await askFunction({ instance, method: 'GET', url: `${path}${searchOf(asked)}`, headers });
  const body = await buffer(answer);
  if (answer.headers['x-jv-failed'] !== undefined) throw new Error('the function failed');
  const status = answer.statusCode ?? 200;
  const control = answer.headers['cache-control'] ?? '';
  const shared = /\bs-maxage=(\d+)/i.exec(control)?.[1];
  const own = Object.entries(ownHeaders(answer)).filter(([name]) => !notKept.includes(name));
  const freshSeconds = shared === undefined ? prerender.freshSeconds : Number(shared);
  return {
    answer: { status, body, atMs: Date.now(), freshSeconds, headers: { ...Object.fromEntries(own), etag: etagOf(body) } },
    keep: status < 500 && !/\b(?:no-store|private|no-cache)\b/i.test(control),
  };
}

/** Returns the query that the function sees: what its settings allow, in one order. */
function searchOf({ decision, prerender }: PrerenderRequest): string {
  const sent = new URLSearchParams(decision.search);
  const names = prerender.allowQuery ?? [...new Set(sent.keys())];
  const kept = names.toSorted().flatMap((name) => sent.getAll(name).map((value) => [name, value] satisfies [string, string]));
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept).toString()}`;
}

async function fromDisk(file: PrerenderedFile, freshSeconds: number | undefined): Promise<Kept> {
  const body = await readFile(file.path);
  const kept = Object.entries(file.headers).filter(([name]) => !notKept.includes(name));
  return { status: file.status, body, atMs: file.atMs, freshSeconds, headers: { ...Object.fromEntries(kept), etag: etagOf(body) } };
}

function etagOf(body: Buffer): string {
  return `"${createHash('sha1').update(body).digest('hex')}"`;
}

function write({ decision, request }: PrerenderRequest, kept: Kept, cache: string, response: ServerResponse): void {
  const headers = {
    'cache-control': 'public, max-age=0, must-revalidate',
    ...decision.headers,
    ...kept.headers,
    ...decision.important,
    age: String(Math.max(0, Math.floor((Date.now() - kept.atMs) / 1000))),
    server: 'Vercel',
    'x-vercel-cache': cache,
    'x-vercel-id': requestId(),
  };
  const status = kept.status === 200 ? (decision.status ?? 200) : kept.status;
  if (status === 200 && isKnownEtag(request.headers['if-none-match'], String(kept.headers['etag']))) response.writeHead(304, headers).end();
  else
    response.writeHead(status, { ...headers, 'content-length': kept.body.length }).end(request.method === 'HEAD' ? undefined : kept.body);
}

/** Answers with the page for a function that failed while nothing was kept. */
export function answerUnmade(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else answerError(request, response, 500, {}, 'FUNCTION_INVOCATION_FAILED');
}

interface Store {
  get(key: string): Kept | undefined;
  set(key: string, answer: Kept): void;
  forget(prefix: string): void;
}

/** Keeps answers by use: the one not asked for longest goes first. */
function createStore(roomBytes: number): Store {
  const answers = new Map<string, Kept>();
  let usedBytes = 0;
  const drop = (key: string) => {
    usedBytes -= answers.get(key)?.body.length ?? 0;
    answers.delete(key);
  };
  return {
    get: (key) => {
      const answer = answers.get(key);
      if (answer) {
        answers.delete(key);
        answers.set(key, answer);
      }
      return answer;
    },
    set: (key, answer) => {
      drop(key);
      answers.set(key, answer);
      usedBytes += answer.body.length;
      for (const oldest of answers.keys()) {
        if (usedBytes <= roomBytes) break;
        drop(oldest);
      }
    },
    forget: (prefix) => {
      for (const key of answers.keys()) if (key.startsWith(prefix)) drop(key);
    },
  };
}
