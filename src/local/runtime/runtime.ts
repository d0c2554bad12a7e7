import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ServiceContext } from '../service.ts';
import type { BuildOutput, Cron } from './build-output.ts';
import { createContentCache } from './content-cache.ts';
import { answerError } from './error-page.ts';
import { placeInstanceFiles } from './instance-files.ts';
import type { App, Instances } from './instances.ts';
import { createInstances } from './instances.ts';
import type { LayoutFile } from './layout.ts';
import type { LogLine, Logs } from './logs.ts';
import { createLogs } from './logs.ts';
import type { Outputs, RuntimeSources } from './outputs.ts';
import { openOutputs } from './outputs.ts';
import { proxyToFunction, proxyToUrl, refuseUpgrade, upgradeToFunction } from './proxy.ts';
import type { RoutedRequest } from './router.ts';
import { decide } from './router.ts';
import { serveStatic } from './static.ts';

/** Runs deployments: lays their files out, starts their processes, answers their requests. */
export interface Runtime {
  /** Lays a deployment's files out. Throws with a sentence for the user when they cannot be run. */
  layOut(id: string, files: readonly LayoutFile[]): Promise<void>;
  /** Starts the deployment's process, if it has functions, and returns once it answers. */
  prove(app: App): Promise<void>;
  /** Answers a request as the deployment. */
  serve(app: App, request: IncomingMessage, response: ServerResponse): void;
  /** Hands a WebSocket upgrade to the deployment. */
  upgrade(app: App, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Returns the deployment's cron jobs. */
  crons(id: string): Promise<readonly Cron[]>;
  /** Ends the deployment's process and removes its files. */
  discard(id: string): Promise<void>;
  /** Ends the processes that had nothing to do for `idleMs` and are not in `keep`. */
  rest(keep: ReadonlySet<string>, idleMs: number): Promise<void>;
  /** Adds a line to the deployment's build log. */
  note(id: string, text: string, stream?: 'stdout' | 'stderr'): void;
  /** Returns the deployment's last log lines, oldest first. */
  log(id: string): readonly LogLine[];
  /** The Node that deployments run on, which their account can run. */
  readonly node: string;
  stop(): Promise<void>;
}

/** Returns the runtime, its files below the shared folder of `context`. */
export async function createRuntime(context: ServiceContext, sources: RuntimeSources): Promise<Runtime> {
  const outputs = await openOutputs(join(context.sharedDir, 'deployments'), sources);
  const files = await placeInstanceFiles(join(context.sharedDir, 'runtime'), context.functionAccount);
  const logs = createLogs();
  const host = {
    files,
    account: context.functionAccount,
    onLine: (id: string, stream: 'stdout' | 'stderr', text: string) => logs.add(id, { source: 'runtime', stream, text }),
    onStarted: (pid: number, id: string) => context.recordChild?.(pid, `deployment ${id}`),
  };
  const instances = createInstances(host, outputs.dirOf);
  const answer = answerer(outputs, instances, logs);
  return {
    layOut: (id, list) => outputs.layOut(id, list),
    prove: async (app) => {
      const output = await outputs.of(app.id);
      if (output.functions.size > 0) await instances.of(app, output);
    },
    serve: (app, request, response) => {
      instances.busy(app.id, response);
      answer(app, request, response).catch((error: unknown) => {
        context.log(`deployment ${app.id}: ${String(error)}`);
        if (response.headersSent) response.destroy();
        else answerError(request, response, 500, {}, 'INTERNAL_FUNCTION_INVOCATION_FAILED');
      });
    },
    upgrade: (app, request, socket, head) => {
      instances.busy(app.id, socket);
      upgrade(outputs, instances, app, { request, socket, head }).catch(() => refuseUpgrade(socket, '502 Bad Gateway'));
    },
    crons: async (id) => (await outputs.of(id)).crons,
    discard: async (id) => {
      await instances.end(id);
      logs.forget(id);
      await outputs.remove(id);
    },
    rest: (keep, idleMs) => instances.rest(keep, idleMs),
    note: (id, text, stream = 'stdout') => logs.add(id, { source: 'build', stream, text }),
    log: (id) => logs.lines(id),
    node: files.node,
    stop: () => instances.stop(),
  };
}

type Answer = (app: App, request: IncomingMessage, response: ServerResponse) => Promise<void>;

function answerer(outputs: Outputs, instances: Instances, logs: Logs): Answer {
  const cache = createContentCache(24 * 1024 * 1024);
  return async (app, request, response) => {
    const output = await outputs.of(app.id);
    const decision = decide(output.routes, lookupIn(output), routedRequest(request));
    switch (decision.kind) {
      case 'static':
        return await serveStatic(output.statics.get(decision.path), decision, request, response, cache);
      case 'proxy':
        return await proxyToUrl(decision, request, response);
      case 'status':
        return answerError(request, response, decision.status, decision.headers);
      case 'function':
        break;
    }
    const target = output.functions.get(decision.path);
    if (!target) return answerError(request, response, 404);
    const instance = await instances.of(app, output).catch((error: unknown) => {
      logs.add(app.id, { source: 'runtime', stream: 'stderr', text: String(error) });
      return undefined;
    });
    if (!instance) return answerError(request, response, 502, {}, 'FUNCTION_INVOCATION_FAILED');
    return await proxyToFunction(instance, target.name, decision, request, response);
  };
}

async function upgrade(
  outputs: Outputs,
  instances: Instances,
  app: App,
  asked: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const output = await outputs.of(app.id);
  const decision = decide(output.routes, lookupIn(output), routedRequest(asked.request));
  const target = decision.kind === 'function' ? output.functions.get(decision.path) : undefined;
  if (target && decision.kind === 'function') upgradeToFunction(await instances.of(app, output), target.name, decision, asked);
  else refuseUpgrade(asked.socket, '404 Not Found');
}

function lookupIn(output: BuildOutput) {
  return (path: string) => {
    if (output.statics.has(path)) return 'static' as const;
    return output.functions.has(path) ? ('function' as const) : undefined;
  };
}

function routedRequest(request: IncomingMessage): RoutedRequest {
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    host: (request.headers.host ?? '').replace(/:\d+$/, ''),
    headers: request.headers,
  };
}
