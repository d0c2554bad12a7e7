import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeServer, listen, originOf } from './delayed-server.ts';

/** A loopback app with the sign-in of the contract; what it was sent is kept. */
export interface SigningServer {
  readonly origin: string;
  /** The cookies of the requests to the path, in order. */
  cookies(path: string): readonly (string | undefined)[];
  bodies(path: string): readonly string[];
  close(): Promise<void>;
}

/** What it answers: the status of each path, and times to choose from in turn. */
export interface SigningOptions {
  readonly password: string;
  readonly status: (path: string, signedIn: boolean, count: number) => number;
  readonly delayMs?: (count: number) => number;
}

/** Starts it on a free port. 429 and 503 say when to come back. */
export async function signingServer({ password, status, delayMs = () => 1 }: SigningOptions): Promise<SigningServer> {
  const seen: { readonly path: string; readonly cookie: string | undefined; readonly body: string }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const path = request.url ?? '';
    const { cookie } = request.headers;
    const count = seen.push({ path, cookie, body });
    if (path === '/api/auth/sign-in') {
      const asked = JSON.parse(body);
      response.writeHead(asked.password === password ? 200 : 401, { 'set-cookie': ['jv_session=canary; Path=/; HttpOnly', 'jv_more=1'] });
      response.end(JSON.stringify({ user: { id: 'user-1', email: asked.email }, accessToken: 'token' }));
      return;
    }
    setTimeout(() => {
      const answered = status(path, cookie?.includes('jv_session=canary') === true, count);
      response.writeHead(answered, answered === 429 || answered === 503 ? { 'retry-after': '1' } : {}).end('{}');
    }, delayMs(count));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await listen(server);
  const of = (path: string) => seen.filter((request) => request.path === path);
  return {
    origin: originOf(server),
    cookies: (path) => of(path).map(({ cookie }) => cookie),
    bodies: (path) => of(path).map(({ body }) => body),
    close: () => closeServer(server),
  };
}
