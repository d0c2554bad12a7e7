import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ServiceContext } from '../service.ts';
import type { BuildOutput, Cron } from './build-output.ts';
import { readBuildOutput } from './build-output.ts';
import { createContentCache } from './content-cache.ts';
import { answerError } from './error-page.ts';
import { placeInstanceFiles } from './instance-files.ts';
import type { Instance, InstanceHost } from './instance.ts';
import { startInstance } from './instance.ts';
import type { LayoutFile } from './layout.ts';
import { layOutFiles } from './layout.ts';
import type { LogLine } from './logs.ts';
import { createLogs } from './logs.ts';
import { proxyToFunction, proxyToUrl, upgradeToFunction } from './proxy.ts';
import type { Decision, RoutedRequest } from './router.ts';
import { decide } from './router.ts';
import { serveStatic } from './static.ts';

/** A deployment that is to run: its id and the variables that its functions see. */
export interface App {
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
}

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
  note(id: string, text: string): void;
  /** Returns the deployment's last log lines, oldest first. */
  log(id: string): readonly LogLine[];
  /** Returns the processes that run now, by deployment. */
  instances(): readonly string[];
  stop(): Promise<void>;
}

/** What the runtime is given: where uploaded files lie and which files a deployment has. */
export interface RuntimeSources {
  readonly pathOf: (sha: string) => string;
  readonly filesOf: (id: string) => readonly LayoutFile[] | undefined;
}

interface Running {
  starting: Promise<Instance> | undefined;
  live: Instance | undefined;
  busy: number;
  usedAtMs: number;
}

/** Returns the runtime, its files below the shared folder of `context`. */
export async function createRuntime(context: ServiceContext, sources: RuntimeSources): Promise<Runtime> {
  const dir = join(context.sharedDir, 'deployments');
  await mkdir(dir, { recursive: true, mode: 0o711 });
  const files = await placeInstanceFiles(join(context.sharedDir, 'runtime'), context.functionAccount);
  const logs = createLogs();
  const cache = createContentCache(24 * 1024 * 1024);
  const host: InstanceHost = {
    files,
    account: context.functionAccount,
    onLine: (id, stream, text) => logs.add(id, { source: 'runtime', stream, text }),
    onStarted: (pid, id) => context.recordChild?.(pid, `deployment ${id}`),
  };
  const outputs = new Map<string, Promise<BuildOutput>>();
  const running = new Map<string, Running>();
  let stopped = false;

  const outputOf = (id: string) => {
    const known = outputs.get(id);
    if (known) return known;
    const reading = (async () => {
      const list = sources.filesOf(id);
      if (!list) throw new Error('The deployment is gone.');
      if (!existsSync(join(dir, id))) await layOutFiles(join(dir, id), list, sources.pathOf);
      return await readBuildOutput(join(dir, id), list);
    })();
    outputs.set(id, reading);
    reading.catch(() => outputs.delete(id));
    return reading;
  };

  const stateOf = (id: string) => {
    const state = running.get(id) ?? { starting: undefined, live: undefined, busy: 0, usedAtMs: Date.now() };
    running.set(id, state);
    return state;
  };

  const instanceOf = async (app: App, output: BuildOutput): Promise<Instance> => {
    const state = stateOf(app.id);
    if (state.starting) return await state.starting;
    if (state.live?.isAlive()) return state.live;
    if (stopped) throw new Error('The local cloud is stopping.');
    const spec = { id: app.id, cwd: join(dir, app.id), env: app.env, functions: output.functions };
    state.starting = startInstance(spec, host);
    try {
      state.live = await state.starting;
      return state.live;
    } finally {
      state.starting = undefined;
    }
  };

  const endInstance = async (state: Running | undefined) => {
    const live = state?.starting ? await state.starting.catch(() => undefined) : state?.live;
    if (state) state.live = undefined;
    await live?.stop();
  };

  const busy = (id: string, until: { once(event: 'close', listener: () => void): unknown }) => {
    const state = stateOf(id);
    state.busy++;
    until.once('close', () => {
      state.busy--;
      state.usedAtMs = Date.now();
    });
  };

  const answer = async (app: App, request: IncomingMessage, response: ServerResponse) => {
    const output = await outputOf(app.id);
    const routed = routedRequest(request);
    const act = async (decision: Decision): Promise<void> => {
      if (decision.kind === 'static') return await serveStatic(output.statics.get(decision.path), decision, request, response, cache);
      if (decision.kind === 'proxy') return await proxyToUrl(decision, request, response);
      if (decision.kind === 'status') return answerError(request, response, decision.status, decision.headers);
      const target = output.functions.get(decision.path);
      if (!target) return answerError(request, response, 404);
      const instance = await instanceOf(app, output).catch((error: unknown) => {
        logs.add(app.id, { source: 'runtime', stream: 'stderr', text: String(error) });
        return undefined;
      });
      if (!instance) return answerError(request, response, 502, {}, 'FUNCTION_INVOCATION_FAILED');
      return await proxyToFunction(instance, target.name, decision, request, response);
    };
    await act(decide(output.routes, lookupIn(output), routed));
  };

  return {
    layOut: async (id, list) => {
      await layOutFiles(join(dir, id), list, sources.pathOf);
      outputs.delete(id);
      await outputOf(id);
    },
    prove: async (app) => {
      const output = await outputOf(app.id);
      if (output.functions.size > 0) await instanceOf(app, output);
    },
    serve: (app, request, response) => {
      busy(app.id, response);
      answer(app, request, response).catch((error: unknown) => {
        context.log(`deployment ${app.id}: ${String(error)}`);
        if (response.headersSent) response.destroy();
        else answerError(request, response, 500, {}, 'INTERNAL_FUNCTION_INVOCATION_FAILED');
      });
    },
    upgrade: (app, request, socket, head) => {
      busy(app.id, socket);
      const begin = async () => {
        const output = await outputOf(app.id);
        const decision = decide(output.routes, lookupIn(output), routedRequest(request));
        const target = decision.kind === 'function' ? output.functions.get(decision.path) : undefined;
        if (!target || decision.kind !== 'function')
          return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
        return upgradeToFunction(await instanceOf(app, output), target.name, decision, request, socket, head);
      };
      begin().catch(() => socket.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'));
    },
    crons: async (id) => (await outputOf(id)).crons,
    discard: async (id) => {
      const state = running.get(id);
      running.delete(id);
      outputs.delete(id);
      logs.forget(id);
      await endInstance(state);
      await rm(join(dir, id), { recursive: true, force: true });
    },
    rest: async (keep, idleMs) => {
      for (const [id, state] of running) {
        const resting = state.busy === 0 && Date.now() - state.usedAtMs >= idleMs;
        if (resting && !keep.has(id)) await endInstance(state);
      }
    },
    note: (id, text) => logs.add(id, { source: 'build', stream: 'stdout', text }),
    log: (id) => logs.lines(id),
    instances: () => [...running].filter(([, state]) => state.live?.isAlive()).map(([id]) => id),
    stop: async () => {
      stopped = true;
      await Promise.all([...running.values()].map(endInstance));
      running.clear();
    },
  };
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
