import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { WebSocketServer } from 'ws';
import { closeServer, listen, originOf } from '../../support/delayed-server.ts';
import { startDistance } from '../distance.ts';
import type { Measured } from '../figure.ts';
import { type CommandLine, expecting, interleave } from '../measure.ts';
import { type BenchCase, root, tool } from '../place.ts';

/** As the tool is shipped. */
const { bundling }: { readonly bundling: BuildOptions } = createRequire(import.meta.url)('../../../bin/bundling.js');

const rounds = 7;
const roundTripMs = 150;
const user = 'agent1@staging.test';

/**
 * Twelve checks, twice the original script's six, beside that script with curl: near, and as far away as a round trip of 150 ms (plain http:
 * two round trips a connection). wscat, which the script calls, is not installed, so that its fifth check costs it nothing.
 */
export const smoke: BenchCase = {
  name: 'smoke',
  run: async (say) => {
    const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-smoke-'));
    const program = join(root, 'node_modules/.cache/jv-bench/smoke.mjs');
    const app = sampleApp();
    await listen(app);
    const far = startDistance(Number(new URL(originOf(app)).port), roundTripMs);
    await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
    const address = far.address();
    const farOrigin = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    try {
      await build({ ...bundling, entryPoints: [join(root, 'test/bench/programs/smoke.ts')], outfile: program });
      const measure = async (origin: string, where: string, atMost: number): Promise<readonly Measured[]> => {
        say(`12 checks and \`smoke --url\` beside the original script, ${where}, ${rounds} rounds in turn`);
        const [own = [], cli = [], peer = []] = await interleave(
          [twelve(program, origin, cwd), fromOutside(origin, cwd), original(origin)],
          rounds,
        );
        const beside = { name: 'bash and curl, 6', values: peer };
        return [
          { name: `smoke, 12 checks, ${where}`, unit: 'ms', values: own, peer: beside, target: { atMost, unit: 'x', of: 'ratio' } },
          { name: `  whole command, 4 checks, ${where}`, unit: 'ms', values: cli, peer: beside },
        ];
      };
      return [...(await measure(farOrigin, `${roundTripMs} ms away`, 0.3)), ...(await measure(originOf(app), 'near', 1.3))];
    } finally {
      far.close();
      await closeServer(app);
      await rm(cwd, { recursive: true, force: true });
    }
  },
};

/** With Node's compile cache, as the tool itself starts. */
function twelve(program: string, origin: string, cwd: string): CommandLine {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(cwd, 'compiled') };
  return { program: process.execPath, args: [program, origin], env, check: expecting(0, '12 of 12 checks green') };
}

function fromOutside(origin: string, cwd: string): CommandLine {
  return tool(['smoke', '--url', origin], { cwd, check: expecting(0, 'outside only: 4 of 4 checks green') });
}

function original(origin: string): CommandLine {
  const script = join(root, 'test/bench/programs/smoke-original.sh');
  return {
    program: 'bash',
    args: [script, origin, `${origin.replace('http:', 'ws:')}/ws`],
    check: expecting(0, 'Homepage loads', 'Smoke tests completed'),
  };
}

const health = {
  status: 'ok',
  environment: 'staging',
  version: '0123456789abcdef0123456789abcdef01234567',
  deployment: 'dpl_bench',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 50_000_000, heapUsedBytes: 10_000_000 },
};

/** An app that answers both at once and rightly. */
function sampleApp(): Server {
  const server = createServer((request, response) => {
    request.resume();
    const [status, body, headers = {}] = answerTo(request);
    const type = typeof body === 'string' ? 'text/html' : 'application/json';
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    request.on('end', () => response.writeHead(status, { 'content-type': type, 'x-robots-tag': 'noindex', ...headers }).end(text));
  });
  const sockets = new WebSocketServer({ server, path: '/ws' });
  sockets.on('connection', (socket) => socket.on('message', (message: Buffer) => socket.send(message.toString())));
  return server;
}

type Reply = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>];

function answerTo({ method, url = '/', headers }: IncomingMessage): Reply {
  const isSignedIn = headers.cookie?.includes('jv_session=token') === true || headers.authorization === 'Bearer token';
  switch (`${method} ${url}`) {
    case 'GET /':
      return [200, '<html><h1>JetVision</h1><script src="/app.js"></script></html>'];
    case 'GET /app.js':
      return [200, 'console.log(1)', { 'content-type': 'text/javascript' }];
    case 'GET /sign-in':
      return [200, '<html><h1>Sign in</h1></html>'];
    case 'GET /dashboard':
      return isSignedIn ? [200, `<html><h1>Dashboard</h1>${user}</html>`] : [307, '', { location: '/sign-in?next=/dashboard' }];
    case 'GET /api/health':
      return [200, health];
    case 'POST /api/auth/sign-in':
      return [200, { user: { id: 'u1', email: user }, accessToken: 'token' }, { 'set-cookie': 'jv_session=token' }];
    case 'GET /api/requests':
      return isSignedIn ? [200, { requests: [{ id: 'r0' }] }] : [401, { error: 'not signed in' }];
    case 'POST /api/requests':
      return isSignedIn ? [201, { request: { id: 'r1' } }] : [401, { error: 'not signed in' }];
    case 'DELETE /api/requests/r1':
      return [204, ''];
    default:
      return [404, { error: 'not found' }];
  }
}
