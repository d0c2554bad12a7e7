import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeServer, listen, originOf } from '../../support/delayed-server.ts';
import type { Measured } from '../figure.ts';
import { expecting, interleave } from '../measure.ts';
import { bareNode, type BenchCase, tool } from '../place.ts';

const runs = 21;

/** The health contract as the sample app answers it. */
const health = {
  status: 'ok',
  environment: 'staging',
  version: '0123456789abcdef0123456789abcdef01234567',
  database: 'connected',
  redis: 'connected',
  sentry: { environment: 'staging' },
  memory: { rssBytes: 1, heapUsedBytes: 1 },
};
const page = '<!doctype html><html lang="en"><head><title>Page</title></head><body><h1>Page</h1><p>Text.</p></body></html>';

/** How long the tool takes to start: for its version, for help, and for a command that really does something. */
export const startUp: BenchCase = {
  name: 'start-up',
  run: async (say) => {
    const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-'));
    const server = createServer((request, response) => {
      const isHealth = request.url?.startsWith('/api/health') === true;
      response.writeHead(200, { 'content-type': isHealth ? 'application/json' : 'text/html', 'x-robots-tag': 'noindex' });
      response.end(isHealth ? JSON.stringify(health) : page);
    });
    await listen(server);
    try {
      say(`--version, smoke --help and smoke --url beside a bare Node, ${runs} runs in turn`);
      const smoke = ['smoke', '--url', originOf(server)];
      const commands = [
        bareNode,
        tool(['--version'], { cwd, check: expecting(0, 'jv-staging/') }),
        tool(['smoke', '--help'], { cwd, check: expecting(0, 'USAGE', '--url') }),
        tool(smoke, { cwd, check: expecting(0, 'outside only', '4 of 4 checks green') }),
      ];
      const [bare = [], version = [], help = [], command = []] = await interleave(commands, runs);
      const peer = { name: 'node -e 0', values: bare };
      const measured: readonly Measured[] = [
        { name: '--version', unit: 'ms', values: version, peer, target: { atMost: 1.3, unit: 'x', of: 'ratio' } },
        { name: 'smoke --help', unit: 'ms', values: help, peer, target: { atMost: 3, unit: 'x', of: 'ratio', goal: 2 } },
        { name: 'smoke --url, 4 checks', unit: 'ms', values: command, peer },
      ];
      return measured;
    } finally {
      await closeServer(server);
      await rm(cwd, { recursive: true, force: true });
    }
  },
};
