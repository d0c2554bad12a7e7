import type { IncomingMessage } from 'node:http';
import { Server } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { addHelpers } from './helpers.ts';
import type { Anything, FunctionSpec, Loaded } from './loaded.ts';
import { absoluteUrl, isRecord, lateWork, mayHaveBody, methods, writeAnswer } from './loaded.ts';

/** Loads a function for Node. Throws when it exports nothing that can be called. */
export async function loadNodeFunction(spec: FunctionSpec): Promise<Loaded> {
  const imported: Anything = await import(pathToFileURL(join(spec.dir, spec.handler)).href);
  const module = unwrap(imported);
  return { serve: listenerOf(module, imported, spec), upgrade: upgradeOf(module, imported) };
}

/** WebSockets go to what the module exports as `upgrade`, or to the http.Server that it made. */
function upgradeOf(module: unknown, imported: Anything): Loaded['upgrade'] {
  const named = pick(module, imported, 'upgrade');
  if (typeof named === 'function') return (request, socket, head) => Reflect.apply(named, undefined, [request, socket, head]);
  if (!(module instanceof Server)) return undefined;
  return (request, socket, head) => module.emit('upgrade', request, socket, head);
}

/** CommonJS compiled from ES modules arrives as `{default: {default: handler}}`. */
function unwrap(imported: Anything): unknown {
  const once = imported['default'] ?? imported;
  return isRecord(once) && 'default' in once ? once['default'] : once;
}

function pick(module: unknown, imported: Anything, name: string): unknown {
  if (isRecord(module) && name in module) return module[name];
  const inner = imported['default'];
  return imported[name] ?? (isRecord(inner) ? inner[name] : undefined);
}

function listenerOf(module: unknown, imported: Anything, spec: FunctionSpec): Loaded['serve'] {
  if (spec.webApi && typeof module === 'function') return webListener(() => module);
  const web = pick(module, imported, 'fetch');
  if (typeof web === 'function' && typeof module !== 'function') return webListener(() => web);
  if (methods.some((method) => typeof pick(module, imported, method) === 'function')) {
    return webListener((method) => pick(module, imported, method) ?? (method === 'HEAD' ? pick(module, imported, 'GET') : undefined));
  }
  // The module made a server but did not start it.
  if (module instanceof Server) return (request, response) => module.emit('request', request, response);
  if (typeof module !== 'function') throw new Error(`The handler ${spec.handler} exports no function.`);
  return async (request, response) => {
    if (spec.addHelpers) await addHelpers(request, response);
    const result: unknown = await Reflect.apply(module, undefined, [request, response]);
    if (result instanceof Response) await writeAnswer(result, response);
  };
}

function webListener(handlerOf: (method: string) => unknown): Loaded['serve'] {
  return async (request, response) => {
    const method = request.method ?? 'GET';
    const handler = handlerOf(method);
    if (typeof handler !== 'function') return response.writeHead(405, { allow: 'GET' }).end();
    const result: unknown = await Reflect.apply(handler, undefined, [webRequest(request, method), { waitUntil: lateWork }]);
    if (!(result instanceof Response)) throw new Error('The handler returned no Response.');
    return await writeAnswer(result, response);
  };
}

function webRequest(request: IncomingMessage, method: string): Request {
  const headers = new Headers();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    headers.append(request.rawHeaders[index] ?? '', request.rawHeaders[index + 1] ?? '');
  }
  const url = absoluteUrl(request);
  if (!mayHaveBody(method)) return new Request(url, { method, headers });
  const body: RequestInit & { duplex: 'half' } = { method, headers, duplex: 'half', body: Readable.toWeb(request) };
  return new Request(url, body);
}
