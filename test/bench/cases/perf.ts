import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findChrome } from '../../../src/adapters/lighthouse/find-chrome.ts';
import { closeServer, listen, originOf } from '../../support/delayed-server.ts';
import { expecting, interleave, type CommandLine } from '../measure.ts';
import { type BenchCase, tool } from '../place.ts';

/** Rounds of both, in turn; a round of either is three Lighthouse runs of one page. */
const rounds = 3;
const runsARound = 3;

const page = '<!doctype html><html lang="en"><head><title>Page</title></head><body><h1>Page</h1><p>Text.</p></body></html>';
const rawResult = z.object({ categories: z.object({ performance: z.object({ score: z.number() }) }) });

/** What perf adds to Lighthouse: `perf --url --runs 3` beside three runs of Lighthouse's own command line. */
export const perf: BenchCase = {
  name: 'perf',
  run: async (say) => {
    const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-perf-'));
    const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
    await listen(server);
    const url = `${originOf(server)}/`;
    try {
      say(`perf --runs ${runsARound} beside ${runsARound} runs of lighthouse, ${rounds} rounds in turn`);
      const raw = rawRun(url, await findChrome(), cwd);
      const ours = tool(['perf', '--url', url, '--runs', String(runsARound), '--form-factor', 'desktop'], {
        cwd,
        check: expecting(0, 'green', 'median of'),
      });
      const commands = [{ ...ours, timeoutMs: 180_000 }, ...Array.from({ length: runsARound }, () => raw)];
      const [values = [], ...raws] = await interleave(commands, rounds);
      const peer = {
        name: `lighthouse x${runsARound}`,
        values: values.map((_, round) => raws.reduce((sum, each) => sum + (each[round] ?? 0), 0)),
      };
      return [{ name: `perf --runs ${runsARound}`, unit: 'ms', values, peer, target: { atMost: 1.1, unit: 'x', of: 'ratio' } }];
    } finally {
      await closeServer(server);
      await rm(cwd, { recursive: true, force: true });
    }
  },
};

/** Lighthouse's own command line, with the same audits and the same browser. */
function rawRun(url: string, chrome: string, cwd: string): CommandLine {
  const cli = join(import.meta.dirname, '../../../node_modules/lighthouse/cli/index.js');
  const flags = ['--preset=desktop', '--only-categories=performance', '--output=json', '--quiet', '--disable-full-page-screenshot'];
  return {
    program: process.execPath,
    args: [cli, url, ...flags, '--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage'],
    cwd,
    env: { ...process.env, CHROME_PATH: chrome },
    check: ({ exitCode, stdout, stderr }) => {
      if (exitCode !== 0) throw new Error(`lighthouse ended with ${exitCode}: ${stderr.slice(-500)}`);
      rawResult.parse(JSON.parse(stdout));
    },
  };
}
