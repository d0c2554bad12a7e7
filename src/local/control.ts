import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { LocalStatus } from '../core/local-endpoints.ts';
import type { LedgerLine } from './ledger.ts';
import { listenOn } from './serve-app.ts';

/** What the control interface can be asked. */
export interface ControlOptions {
  readonly token: string;
  readonly status: () => Promise<LocalStatus>;
  readonly ledger: () => readonly LedgerLine[];
  /** Begins to stop the local cloud. */
  readonly onStop: () => void;
}

/** The control interface, served. */
export interface Control {
  readonly url: string;
  stop(): void;
}

/** Serves the control interface: `GET /_local/status`, `GET /_local/log`, `POST /_local/stop`, each with its token. */
export async function startControl(port: number, options: ControlOptions): Promise<Control> {
  const routes: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
    'GET /_local/status': async (response) => answer(response, 200, await options.status()),
    'GET /_local/log': (response) => answer(response, 200, { lines: options.ledger() }),
    'POST /_local/stop': (response) => {
      response.once('close', options.onStop);
      answer(response, 202, { stopping: true });
    },
  };
  const server = createServer((request, response) => {
    request.resume();
    const refusal = refuse(request, options.token);
    if (refusal) return answer(response, 403, { error: refusal });
    const route = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    const act = routes[route];
    if (!act) return answer(response, 404, { error: `${route} is not part of the control interface.` });
    return void act(response);
  });
  await listenOn(server, port);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function refuse(request: IncomingMessage, token: string): string | undefined {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') return `The host "${host}" is not served here.`;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token)) ? undefined : 'The control token is missing or wrong.';
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }).end(JSON.stringify(body));
}
