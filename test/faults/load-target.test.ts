import { createServer, type Server } from 'node:http';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { closeServer, listen, originOf } from '../support/delayed-server.ts';
import { inEmptyFolder, runTool } from '../support/tool.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await closeServer(server);
});

function app(): Server {
  const server = createServer((_request, response) => response.end('{}'));
  servers.push(server);
  return server;
}

it('fault 52: a target that dies in the middle is red, stops the load, and is seen to come back', async () => {
  let origin = '';
  let answers = 0;
  const first = app().on('request', () => {
    answers += 1;
    if (answers !== 20) return;
    void closeServer(first);
    // Later than the valve opens, sooner than the recovery is given up.
    setTimeout(() => app().listen(Number(new URL(origin).port), '127.0.0.1'), 9000);
  });
  await listen(first);
  origin = originOf(first);

  const args = ['load', '--url', origin, '--engine', 'embedded', '--vus', '20', '--duration', '30s', '--json'];
  const ended = await inEmptyFolder((cwd) => runTool(args, { cwd }));

  expect(ended).toMatchObject({ code: 5, stderr: '' });
  const { data, error } = JSON.parse(ended.stdout);
  expect(error).toMatchObject({ code: 'LOAD_RED' });
  const verdicts = Object.fromEntries(data.findings.map(({ id, verdict }: { id: string; verdict: string }) => [id, verdict]));
  expect(verdicts).toMatchObject({ valve: 'red', degradation: 'red', recovery: 'green' });
  expect(data.details.measurement.all.errorsByClass).toMatchObject({ refused: expect.any(Number) });
  expect(data.details.measurement.durationMs).toBeLessThan(25_000);
});

it('fault 52: fewer files than virtual users is refused before any load is sent', async () => {
  let asked = 0;
  const server = app().on('request', () => (asked += 1));
  await listen(server);
  const bin = join(import.meta.dirname, '../../bin/run.js');
  const command = `ulimit -n 128 && exec "$0" "$1" load --url "$2" --engine embedded --vus 200 --json`;

  const ended = await inEmptyFolder((cwd) =>
    promisify(execFile)('/bin/sh', ['-c', command, process.execPath, bin, originOf(server)], { cwd }).catch((error: unknown) =>
      Object(error),
    ),
  );

  expect(ended.code).toBe(3);
  expect(JSON.parse(ended.stdout)).toMatchObject({
    ok: false,
    error: { code: 'LOAD_TOO_FEW_FILES', message: expect.stringContaining('may open 128') },
  });
  expect(asked).toBe(0);
});
