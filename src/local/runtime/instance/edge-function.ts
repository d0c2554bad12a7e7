import { AsyncLocalStorage } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script, SourceTextModule, SyntheticModule } from 'node:vm';
import type { Module } from 'node:vm';
import type { EdgeContext, EdgeVM } from '@edge-runtime/vm';
import type { Anything, FunctionSpec, Loaded, WebAnswer } from './loaded.ts';
import { absoluteUrl, isRecord, lateWork, mayHaveBody, methods, writeAnswer } from './loaded.ts';

/** Node's own modules that edge code may import (vercel.com/docs/functions/runtimes/edge, compatible Node.js modules). */
const nodeModules = ['async_hooks', 'events', 'buffer', 'assert', 'util'];

/** Variables of this process that are no variables of the project. */
const ofProcess = ['PATH', 'HOME', 'TZ', 'LANG'];

const requireNode = createRequire(import.meta.url);

/** Loads a function for the edge runtime, in a context of its own. Throws when it exports nothing that can be called. */
export async function loadEdgeFunction(spec: FunctionSpec): Promise<Loaded> {
  const { EdgeVM: Vm } = await import('@edge-runtime/vm');
  const vm = new Vm({ extend: (context) => Object.assign(context, globalsOf(spec)) });
  const { context } = vm;
  Reflect.set(context, Symbol.for('@vercel/request-context'), Reflect.get(globalThis, Symbol.for('@vercel/request-context')));
  const fetchPlain = context.fetch;
  context.fetch = async (input, init) => (await assetOf(spec, context, input)) ?? (await fetchPlain(input, init));
  const exported = await evaluate(vm, join(spec.dir, spec.handler));
  const handlerOf = handlers(exported, spec);
  return {
    upgrade: undefined,
    serve: async (request, response) => {
      const { url, init } = webRequest(context, request);
      const handler = handlerOf(init.method);
      const asked = new context.Request(url, init);
      const result: unknown = handler ? await handler(asked, { waitUntil: lateWork, request: asked }) : await vm.dispatchFetch(url, init);
      // Middleware that returns nothing lets the request pass.
      if (result === undefined || result === null) return response.writeHead(200, { 'x-middleware-next': '1' }).end();
      if (!isAnswer(result)) throw new Error('The handler returned no Response.');
      return await writeAnswer(result, response);
    },
  };
}

function globalsOf(spec: FunctionSpec) {
  const env = { ...process.env, ...spec.environment };
  for (const name of ofProcess) delete env[name];
  return { process: { env }, require: requireOf, AsyncLocalStorage, Buffer };
}

function requireOf(name: string): unknown {
  const bare = name.replace(/^node:/, '');
  if (!nodeModules.includes(bare)) throw new Error(`The edge runtime has no module "${name}".`);
  return requireNode(`node:${bare}`);
}

/** Code without imports and exports is a script: CommonJS, or a listener for `fetch` events. */
async function evaluate(vm: EdgeVM, path: string): Promise<unknown> {
  const code = await readFile(path, 'utf8');
  if (!isScript(code)) return await importModule(vm, path, code);
  const module: { exports: unknown } = { exports: {} };
  Object.assign(vm.context, { module, exports: module.exports });
  vm.evaluate(code);
  return module.exports;
}

function isScript(code: string): boolean {
  try {
    return new Script(code) instanceof Script;
  } catch {
    return false;
  }
}

async function importModule(vm: EdgeVM, path: string, code: string): Promise<unknown> {
  const known = new Map<string, Promise<Module>>();
  const link = async (specifier: string, from: Module): Promise<Module> => {
    const url = /^\.{1,2}\//.test(specifier) ? new URL(specifier, from.identifier).href : specifier;
    const module = known.get(url) ?? moduleAt(vm, url, importHere);
    known.set(url, module);
    return await module;
  };
  const importHere = async (specifier: string, from: Module): Promise<Module> => {
    const module = await link(specifier, from);
    if (module.status === 'unlinked') await module.link(link);
    if (module.status === 'linked') await module.evaluate();
    return module;
  };
  const main = textModule(vm, pathToFileURL(path).href, code, importHere);
  await main.link(link);
  await main.evaluate();
  return main.namespace;
}

type Import = (specifier: string, from: Module) => Promise<Module>;

function textModule(vm: EdgeVM, url: string, code: string, importHere: Import): SourceTextModule {
  const module: SourceTextModule = new SourceTextModule(code, {
    context: vm.context,
    identifier: url,
    initializeImportMeta: (meta) => Object.assign(meta, { url }),
    importModuleDynamically: async (specifier) => await importHere(specifier, module),
  });
  return module;
}

/** Loads what edge code imports: its own files, compiled WebAssembly (`x.wasm?module`), a few modules of Node. */
async function moduleAt(vm: EdgeVM, url: string, importHere: Import): Promise<Module> {
  const { context } = vm;
  if (!url.startsWith('file:')) {
    const exported = requireOf(url);
    const names = isRecord(exported) ? Object.keys(exported).filter((name) => name !== 'default') : [];
    return new SyntheticModule(
      ['default', ...names],
      function set(this: SyntheticModule) {
        this.setExport('default', exported);
        for (const name of names) this.setExport(name, isRecord(exported) ? exported[name] : undefined);
      },
      { context, identifier: url },
    );
  }
  const path = fileURLToPath(url.replace(/\?.*$/, ''));
  if (!path.endsWith('.wasm')) return textModule(vm, url, await readFile(path, 'utf8'), importHere);
  const { compile }: { compile(bytes: Buffer): Promise<object> } = vm.evaluate('WebAssembly');
  const compiled = await compile(await readFile(path));
  return new SyntheticModule(
    ['default'],
    function set(this: SyntheticModule) {
      this.setExport('default', compiled);
    },
    { context, identifier: url },
  );
}

type EdgeRequest = InstanceType<EdgeContext['Request']>;
type Handler = (request: EdgeRequest, event: object) => unknown;

/** Returns what answers a method; undefined where the code listens for `fetch` events instead. */
function handlers(exported: unknown, spec: FunctionSpec): (method: string) => Handler | undefined {
  const module: Anything = isRecord(exported) ? exported : {};
  const main = typeof exported === 'function' ? exported : module['default'];
  const call = (callee: unknown): Handler | undefined =>
    typeof callee === 'function' ? (request, event) => Reflect.apply(callee, undefined, [request, event]) : undefined;
  if (typeof main === 'function') return () => call(main);
  if (isRecord(main) && typeof main['fetch'] === 'function') return () => call(main['fetch']);
  const named = methods.filter((method) => typeof module[method] === 'function');
  if (named.length > 0)
    return (method) => call(module[method]) ?? (() => new Response(null, { status: 405, headers: { allow: named.join(', ') } }));
  if (Object.keys(module).length > 0) throw new Error(`The edge function ${spec.handler} exports no function.`);
  return () => undefined;
}

interface EdgeInit {
  readonly method: string;
  readonly headers: InstanceType<EdgeContext['Headers']>;
  readonly body?: ReadableStream<Uint8Array>;
  readonly duplex: 'half';
}

function webRequest(context: EdgeContext, request: IncomingMessage): { readonly url: string; readonly init: EdgeInit } {
  const headers = new context.Headers();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    headers.append(request.rawHeaders[index] ?? '', request.rawHeaders[index + 1] ?? '');
  }
  const init = { method: request.method ?? 'GET', headers, duplex: 'half' } satisfies EdgeInit;
  const url = absoluteUrl(request).href;
  if (!mayHaveBody(init.method)) return { url, init };
  const pieces = request.iterator();
  const body = new context.ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value }: IteratorResult<Buffer> = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(new context.Uint8Array(value));
    },
  });
  return { url, init: { ...init, body } };
}

async function assetOf(spec: FunctionSpec, context: EdgeContext, input: unknown): Promise<Response | undefined> {
  const address = isRecord(input) && typeof input['url'] === 'string' ? input['url'] : String(input);
  const path = address.startsWith('blob:') ? spec.assets[address.slice('blob:'.length)] : undefined;
  return path === undefined ? undefined : new context.Response(await readFile(join(spec.dir, path)));
}

function isAnswer(value: unknown): value is WebAnswer {
  return isRecord(value) && typeof value['status'] === 'number' && isRecord(value['headers']) && 'body' in value;
}
