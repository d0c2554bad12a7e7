// The process that runs the functions of one deployment, as an account without rights. It is copied out of this repository
// before it runs (the account cannot read our folders), so it imports nothing but `node:` modules.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

interface FunctionSpec {
  readonly dir: string;
  readonly handler: string;
  readonly addHelpers: boolean;
}

interface Start {
  readonly cwd: string;
  /** What the gateway proves itself with. */
  readonly secret: string;
  readonly functions: Readonly<Record<string, FunctionSpec>>;
}

interface Loaded {
  readonly serve: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly upgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => unknown) | undefined;
}

type Anything = Readonly<Record<string, unknown>>;

const send = process.send?.bind(process);
process.once('message', (message: Start) => run(message));
// Our parent is gone: nobody can reach us any more.
process.once('disconnect', () => process.exit(0));

function run({ cwd, secret, functions }: Start): void {
  process.chdir(cwd);
  // The app finds no trace of the channel to us.
  Object.defineProperty(process, 'send', { value: undefined, configurable: true, writable: true });
  const loaded = new Map<string, Promise<Loaded>>();
  const load = (name: string) => {
    const spec = functions[name];
    if (!spec) throw new Error(`There is no function ${name}.`);
    const known = loaded.get(name);
    if (known) return known;
    const loading = loadFunction(spec);
    loaded.set(name, loading);
    return loading;
  };

  const server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, maxHeaderSize: 64 * 1024 },
    (request, response) => {
      void answer(request, response);
    },
  );
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const name = admit(request, secret);
    if (!name) {
      response.writeHead(name === undefined ? 403 : 204).end();
      return;
    }
    try {
      const { serve } = await load(name);
      await serve(request, response);
    } catch (error) {
      process.stderr.write(`${inspect(error)}\n`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'x-jv-failed': 'FUNCTION_INVOCATION_FAILED' }).end();
    }
  };
  server.on('upgrade', (request, socket, head) => {
    void upgrade(request, socket, head);
  });
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const name = admit(request, secret);
    try {
      const handler = name ? (await load(name)).upgrade : undefined;
      if (handler) await handler(request, socket, head);
      else socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    } catch (error) {
      process.stderr.write(`${inspect(error)}\n`);
      socket.end('HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }
  };
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    send?.({ port: typeof address === 'object' && address ? address.port : 0 });
  });
}

/** Returns the function's name and takes our own headers away, or undefined for a stranger. */
function admit(request: IncomingMessage, secret: string): string | undefined {
  const { 'x-jv-secret': given, 'x-jv-function': name } = request.headers;
  if (given !== secret || typeof name !== 'string') return undefined;
  delete request.headers['x-jv-secret'];
  delete request.headers['x-jv-function'];
  for (let index = request.rawHeaders.length - 2; index >= 0; index -= 2) {
    if (/^x-jv-(secret|function)$/i.test(request.rawHeaders[index] ?? '')) request.rawHeaders.splice(index, 2);
  }
  return decodeURIComponent(name);
}

async function loadFunction(spec: FunctionSpec): Promise<Loaded> {
  const imported: Anything = await import(pathToFileURL(join(spec.dir, spec.handler)).href);
  const module = unwrap(imported);
  const named = pick(module, imported, 'upgrade');
  const serve = listenerOf(module, imported, spec);
  return {
    serve,
    upgrade: typeof named === 'function' ? (request, socket, head) => Reflect.apply(named, undefined, [request, socket, head]) : undefined,
  };
}

/** CommonJS compiled from ES modules arrives as `{default: {default: handler}}`. */
function unwrap(imported: Anything): unknown {
  const once = imported['default'] ?? imported;
  return isRecord(once) && 'default' in once ? once['default'] : once;
}

function isRecord(value: unknown): value is Anything {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

function pick(module: unknown, imported: Anything, name: string): unknown {
  if (isRecord(module) && name in module) return module[name];
  const inner = imported['default'];
  return imported[name] ?? (isRecord(inner) ? inner[name] : undefined);
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function listenerOf(module: unknown, imported: Anything, spec: FunctionSpec): Loaded['serve'] {
  const web = pick(module, imported, 'fetch');
  if (typeof web === 'function' && typeof module !== 'function') return webListener(() => web);
  if (methods.some((method) => typeof pick(module, imported, method) === 'function')) {
    return webListener((method) => pick(module, imported, method) ?? (method === 'HEAD' ? pick(module, imported, 'GET') : undefined));
  }
  if (isRecord(module) && typeof module['emit'] === 'function' && typeof module['listen'] === 'function') {
    const emit = module['emit']; // an http.Server that the module made but did not start
    return (request, response) => Reflect.apply(emit, module, ['request', request, response]);
  }
  if (typeof module !== 'function') throw new Error(`The handler ${spec.handler} exports no function.`);
  return async (request, response) => {
    if (spec.addHelpers) await addHelpers(request, response);
    const result: unknown = await Reflect.apply(module, undefined, [request, response]);
    if (result instanceof Response) await writeResponse(result, response);
  };
}

function webListener(handlerOf: (method: string) => unknown): Loaded['serve'] {
  return async (request, response) => {
    const method = request.method ?? 'GET';
    const handler = handlerOf(method);
    if (typeof handler !== 'function') return response.writeHead(405, { allow: 'GET' }).end();
    const result: unknown = await Reflect.apply(handler, undefined, [
      webRequest(request, method),
      { waitUntil: (work: Promise<unknown>) => void work },
    ]);
    if (!(result instanceof Response)) throw new Error('The handler returned no Response.');
    return await writeResponse(result, response);
  };
}

function webRequest(request: IncomingMessage, method: string): Request {
  const headers = new Headers();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    headers.append(request.rawHeaders[index] ?? '', request.rawHeaders[index + 1] ?? '');
  }
  const origin = `${headers.get('x-forwarded-proto') ?? 'http'}://${headers.get('x-forwarded-host') ?? request.headers.host ?? 'localhost'}`;
  const url = new URL(request.url ?? '/', origin);
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  const body: RequestInit & { duplex: 'half' } = { method, headers, duplex: 'half', body: Readable.toWeb(request) };
  return new Request(url, body);
}

async function writeResponse(result: Response, response: ServerResponse): Promise<void> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of result.headers) if (name !== 'set-cookie') headers[name] = value;
  const cookies = result.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  response.writeHead(result.status, headers);
  if (!result.body) return void response.end();
  for await (const chunk of result.body) {
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
    if (response.destroyed) return undefined;
  }
  return void response.end();
}

/** Adds what Vercel's Node launcher adds with `shouldAddHelpers`: query, cookies, body; status, send, json, redirect. */
async function addHelpers(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const url = new URL(request.url ?? '/', 'http://localhost');
  Object.assign(request, { query: Object.fromEntries(url.searchParams), cookies: cookiesOf(request) });
  Object.defineProperty(request, 'body', { configurable: true, enumerable: true, get: () => bodyOf(request, raw) });
  const status = (code: number) => {
    response.statusCode = code;
    return response;
  };
  const json = (value: unknown) => {
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(value));
    return response;
  };
  const sendBody = (value: unknown) => {
    if (typeof value === 'string' || Buffer.isBuffer(value)) return response.end(value);
    return value === undefined || value === null ? response.end() : json(value);
  };
  const redirect = (where: number | string, to?: string) => {
    response.writeHead(typeof where === 'number' ? where : 307, { location: to ?? String(where) }).end();
    return response;
  };
  Object.assign(response, { status, json, send: sendBody, redirect });
}

function cookiesOf(request: IncomingMessage): Record<string, string> {
  const pairs = (request.headers.cookie ?? '').split(/;\s*/).filter((pair) => pair.includes('='));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]));
}

function bodyOf(request: IncomingMessage, raw: Buffer): unknown {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim();
  if (raw.length === 0) return type === 'application/json' ? {} : undefined;
  if (type === 'application/json') return JSON.parse(raw.toString());
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(raw.toString()));
  return type === 'text/plain' ? raw.toString() : raw;
}
