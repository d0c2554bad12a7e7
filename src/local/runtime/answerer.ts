import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BuildOutput } from './build-output.ts';
import type { ContentCache } from './content-cache.ts';
import { createContentCache } from './content-cache.ts';
import { answerError, requestId } from './error-page.ts';
import type { Rewritten } from './forwarded.ts';
import { functionHeaders } from './forwarded.ts';
import type { FunctionFile } from './functions.ts';
import { decideImage } from './images.ts';
import type { App, Instances } from './instances.ts';
import type { Journey, RoutedRequest } from './journey.ts';
import type { Logs } from './logs.ts';
import type { MiddlewareResult } from './middleware.ts';
import { readMiddleware } from './middleware.ts';
import type { Outputs } from './outputs.ts';
import { answerUnmade, createPrerenderCache, goesPastCache } from './prerender-cache.ts';
import { askFunction, proxyToFunction, proxyToUrl } from './proxy.ts';
import type { Decision, Site } from './router.ts';
import { decide } from './router.ts';
import { serveStatic } from './static.ts';
import { refuseUpgrade, upgradeToFunction } from './upgrade.ts';

/** Answers requests as deployments. */
export interface Answerer {
  answer(app: App, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Hands a WebSocket upgrade to a function. */
  upgrade(app: App, asked: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }): Promise<void>;
  /** Forgets what is kept of a deployment's answers. */
  forget(id: string): void;
}

/** What answering needs. */
export interface AnswererParts {
  readonly outputs: Outputs;
  readonly instances: Instances;
  readonly logs: Logs;
  log(line: string): void;
}

/** Room for small static files, and for answers of prerendered functions. */
const staticBytes = 24 * 1024 * 1024;
const prerenderBytes = 16 * 1024 * 1024;

/** Returns what answers requests as deployments. */
export function createAnswerer({ outputs, instances, logs, log }: AnswererParts): Answerer {
  const statics = createContentCache(staticBytes);
  const prerenders = createPrerenderCache(prerenderBytes, log);

  /** Answers by a function: from what is kept of it, or by itself. */
  const answerByFunction = async (here: Place, decision: Rewritten, response: ServerResponse): Promise<void> => {
    const { app, output, request } = here;
    const target = output.functions.get(decision.path);
    if (!target) return answerError(request, response, 404);
    const prerender = output.prerenders.get(decision.path);
    if (prerender && !goesPastCache(prerender, request)) {
      const instance = () => instances.of(app, output, target);
      const asked = { deployment: app.id, prerender, functionName: target.name, decision, instance, request };
      return await prerenders.answer(asked, response).catch((error: unknown) => {
        complain(app, error);
        answerUnmade(request, response);
      });
    }
    const instance = await instances.of(app, output, target).catch((error: unknown) => complain(app, error));
    if (!instance) return answerError(request, response, 502, {}, 'FUNCTION_INVOCATION_FAILED');
    return await proxyToFunction(instance, target.name, decision, request, response);
  };
  const complain = (app: App, error: unknown): undefined => {
    logs.add(app.id, { source: 'runtime', stream: 'stderr', text: String(error) });
  };
  const decideFor = async (here: Place): Promise<Decision> => {
    const middleware = async (name: string, journey: Journey) => {
      const target = here.output.functions.get(`/${name.replace(/^\//, '')}`);
      return target
        ? await askMiddleware(instances, here, target, journey).catch((error: unknown) => failed(complain(here.app, error)))
        : failed();
    };
    return await decide(here.output.routes, { ...siteOf(here.output), middleware }, routedRequest(here.request));
  };
  return {
    answer: async (app, request, response) => {
      const output = await outputs.of(app.id);
      if (await answerImage(output, request, response, statics)) return undefined;
      const decision = await decideFor({ app, output, request });
      switch (decision.kind) {
        case 'static':
          return await serveStatic(output.statics.get(decision.path), decision, request, response, statics);
        case 'proxy':
          return await proxyToUrl(decision, request, response);
        case 'status':
          return answerError(request, response, decision.status, decision.headers, decision.code);
        case 'middleware':
          return await passOn(decision, response);
        case 'function':
          return await answerByFunction({ app, output, request }, decision, response);
      }
    },
    upgrade: async (app, asked) => {
      const output = await outputs.of(app.id);
      const decision = await decideFor({ app, output, request: asked.request });
      const target = decision.kind === 'function' ? output.functions.get(decision.path) : undefined;
      if (target && decision.kind === 'function') upgradeToFunction(await instances.of(app, output, target), target.name, decision, asked);
      else refuseUpgrade(asked.socket, '404 Not Found');
    },
    forget: (id) => prerenders.forget(id),
  };
}

/** Answers a request for an image; says whether it was one. */
async function answerImage(
  output: BuildOutput,
  request: IncomingMessage,
  response: ServerResponse,
  statics: ContentCache,
): Promise<boolean> {
  const image = decideImage(output.images, request);
  if (image?.kind === 'refused') answerError(request, response, 400, {}, image.code);
  else if (image) await serveStatic(output.statics.get(image.path), { ...image, status: undefined }, request, response, statics);
  return image !== undefined;
}

/** A request to a deployment. */
interface Place {
  readonly app: App;
  readonly output: BuildOutput;
  readonly request: IncomingMessage;
}

function failed(_reason?: undefined): MiddlewareResult {
  return { kind: 'failed' };
}

function siteOf(output: BuildOutput): Pick<Site, 'lookup'> {
  return {
    lookup: (path) => {
      if (output.statics.has(path)) return 'static';
      return output.functions.has(path) ? 'function' : undefined;
    },
  };
}

/** Asks middleware about a request as it stands: where routes sent it, with the headers that they changed. The body is not passed. */
async function askMiddleware(instances: Instances, here: Place, target: FunctionFile, journey: Journey): Promise<MiddlewareResult> {
  const { app, output, request } = here;
  const instance = await instances.of(app, output, target);
  const search = journey.sentSearch ?? journey.search.toString();
  const decision = { ...journey, search, status: undefined };
  const headers = functionHeaders(instance, target.name, decision, request, requestId());
  const url = `${journey.path}${search ? `?${search}` : ''}`;
  return await readMiddleware(await askFunction({ instance, method: request.method ?? 'GET', url, headers }), request);
}

/** Passes an answer of middleware to the visitor. */
async function passOn(decision: Extract<Decision, { readonly kind: 'middleware' }>, response: ServerResponse): Promise<void> {
  const { status, body } = decision.response;
  const headers: OutgoingHttpHeaders = { ...decision.headers, server: 'Vercel', 'x-vercel-id': requestId() };
  headers['cache-control'] ??= 'public, max-age=0, must-revalidate';
  response.writeHead(status, headers);
  await pipeline(body, response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // the visitor went away
  });
}

function routedRequest(request: IncomingMessage): RoutedRequest {
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    host: (request.headers.host ?? '').replace(/:\d+$/, ''),
    headers: request.headers,
  };
}
