// The process that functions of a deployment run in, as an account without rights. It is copied out of this repository before it
// runs (the account cannot read our folders), so it imports nothing but `node:` modules, what lies beside it, and the edge runtime.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { loadEdgeFunction } from './edge-function.ts';
import type { FunctionSpec, Loaded } from './loaded.ts';
import { absoluteUrl, lateWork } from './loaded.ts';
import { loadNodeFunction } from './node-function.ts';

interface Start {
  readonly cwd: string;
  /** What the gateway proves itself with. */
  readonly secret: string;
  readonly functions: Readonly<Record<string, FunctionSpec>>;
}

interface RequestContext {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Takes work that goes on after the answer. */
  readonly waitUntil: (work: unknown) => void;
}

const send = process.send?.bind(process);
process.once('message', (message: Start) => run(message));
// Our parent is gone: nobody can reach us any more.
process.once('disconnect', () => process.exit(0));

/** What `@vercel/functions` and the launchers of frameworks read of the request that is being answered. */
const contexts = new AsyncLocalStorage<RequestContext>();

function run({ cwd, secret, functions }: Start): void {
  process.chdir(cwd);
  // The app finds no trace of the channel to us.
  Object.defineProperty(process, 'send', { value: undefined, configurable: true, writable: true });
  Reflect.set(globalThis, Symbol.for('@vercel/request-context'), { get: () => contexts.getStore() });
  const load = loader(functions);
  const server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, maxHeaderSize: 64 * 1024 },
    (request, response) => {
      void answer(load, admit(request, secret), request, response);
    },
  );
  server.on('upgrade', (request, socket, head) => {
    void upgrade(load, admit(request, secret), request, socket, head);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    send?.({ port: typeof address === 'object' && address ? address.port : 0 });
  });
}

type Load = (name: string) => Promise<Loaded>;

/** Returns what loads functions, each file once however many names it has. */
function loader(functions: Start['functions']): Load {
  const loaded = new Map<string, Promise<Loaded>>();
  return async (name) => {
    const spec = functions[name];
    if (!spec) throw new Error(`There is no function ${name}.`);
    const key = `${spec.dir}/${spec.handler}`;
    const loading = loaded.get(key) ?? (spec.runtime === 'edge' ? loadEdgeFunction(spec) : loadNodeFunction(spec));
    loaded.set(key, loading);
    return await loading;
  };
}

async function answer(load: Load, name: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!name) {
    response.writeHead(name === undefined ? 403 : 204).end();
    return;
  }
  try {
    const { serve } = await load(name);
    await contexts.run(contextOf(request), () => serve(request, response));
  } catch (error) {
    process.stderr.write(`${inspect(error)}\n`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'x-jv-failed': 'FUNCTION_INVOCATION_FAILED' }).end();
  }
}

async function upgrade(load: Load, name: string | undefined, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const handler = name ? (await load(name)).upgrade : undefined;
    if (handler) await contexts.run(contextOf(request), () => handler(request, socket, head));
    else socket.end('HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  } catch (error) {
    process.stderr.write(`${inspect(error)}\n`);
    socket.end('HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  }
}

function contextOf(request: IncomingMessage): RequestContext {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    url: absoluteUrl(request).href,
    headers: Object.fromEntries(headers),
    waitUntil: lateWork,
  };
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
