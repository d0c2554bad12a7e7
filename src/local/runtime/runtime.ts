import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ServiceContext } from '../service.ts';
import { createAnswerer } from './answerer.ts';
import type { Cron } from './build-output.ts';
import { answerError } from './error-page.ts';
import { placeInstanceFiles } from './instance-files.ts';
import type { App } from './instances.ts';
import { createInstances } from './instances.ts';
import type { LayoutFile } from './layout.ts';
import type { LogLine } from './logs.ts';
import { openLogs } from './logs.ts';
import type { RuntimeSources } from './outputs.ts';
import { openOutputs } from './outputs.ts';
import { refuseUpgrade } from './upgrade.ts';

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
  const logs = openLogs(join(context.stateDir, 'logs'), (error) => context.log(`a deployment's log: ${String(error)}`));
  const host = {
    files,
    account: context.functionAccount,
    onLine: (id: string, stream: 'stdout' | 'stderr', text: string) => logs.add(id, { source: 'runtime', stream, text }),
    onStarted: (pid: number, id: string) => context.recordChild?.(pid, `deployment ${id}`),
  };
  const instances = createInstances(host);
  const answerer = createAnswerer({ outputs, instances, logs, log: context.log });
  return {
    layOut: (id, list) => outputs.layOut(id, list),
    prove: async (app) => {
      await instances.warm(app, await outputs.of(app.id));
    },
    serve: (app, request, response) => {
      instances.busy(app.id, response);
      answerer.answer(app, request, response).catch((error: unknown) => {
        context.log(`deployment ${app.id}: ${String(error)}`);
        if (response.headersSent) response.destroy();
        else answerError(request, response, 500, {}, 'INTERNAL_FUNCTION_INVOCATION_FAILED');
      });
    },
    upgrade: (app, request, socket, head) => {
      instances.busy(app.id, socket);
      answerer.upgrade(app, { request, socket, head }).catch(() => refuseUpgrade(socket, '502 Bad Gateway'));
    },
    crons: async (id) => (await outputs.of(id)).crons,
    discard: async (id) => {
      await instances.end(id);
      logs.forget(id);
      answerer.forget(id);
      await outputs.remove(id);
    },
    rest: (keep, idleMs) => instances.rest(keep, idleMs),
    note: (id, text, stream = 'stdout') => logs.add(id, { source: 'build', stream, text }),
    log: (id) => logs.lines(id),
    node: files.node,
    stop: async () => {
      await instances.stop();
      logs.flush();
    },
  };
}
