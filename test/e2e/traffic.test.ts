import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { requires } from '../support/requires.ts';
import { createStagingProject, type StagingProject } from '../support/staging-project.ts';

/** Requests a second on the domain, from before the deploy until after the rollback. */
const ratePerSecond = 50;

const statusShape = z.object({ url: z.string() });
const faultsShape = z.object({ faults: z.array(z.object({ applied: z.number() })) });

/** A release goes out and is taken back while people use the app: nobody may notice. */
describe('traffic on the domain', () => {
  const it = requires('git', 'redis-server', 'pgbouncer');
  let project: StagingProject;
  let url = '';

  beforeAll(async () => {
    project = await createStagingProject();
    for (const command of [['provision', '--yes'], ['deploy']]) {
      const run = await project.run(command);
      expect(run.exitCode, run.stderr).toBe(0);
    }
    url = (await project.run(['status', '--json'])).json(statusShape).data.url;
  }, 240_000);
  afterAll(async () => {
    await project.remove();
  });

  it('loses no request while a release goes out, its upload meeting faults, and while it is taken back', async () => {
    // Nothing of an attempt before may stand.
    expect(await project.run(['local', 'fault', 'clear'])).toMatchObject({ exitCode: 0 });
    const sha = await project.commit(`B${Date.now()}`);
    const fault = ['local', 'fault', 'add', '--service', 'vercel', '--match', 'POST /v2/files', '--times', '1'];
    expect(await project.run([...fault, '--status', '429', '--retry-after', '1'])).toMatchObject({ exitCode: 0 });
    expect(await project.run([...fault, '--status', '503'])).toMatchObject({ exitCode: 0 });
    const traffic = startTraffic(url);

    const deploy = await project.run(['deploy', '--json']);
    const after = await traffic.next();
    const rollback = await project.run(['rollback', '--json']);
    const back = await traffic.next();
    const seen = await traffic.stop();
    const faults = await project.run(['local', 'fault', 'ls', '--json']);

    expect(deploy.exitCode, deploy.stdout).toBe(0);
    expect(rollback.exitCode, rollback.stdout).toBe(0);
    expect(faults.json(faultsShape).data.faults).toEqual([{ applied: 1 }, { applied: 1 }]);
    expect(seen.lost).toEqual([]);
    expect(seen.answered).toBeGreaterThan(ratePerSecond * 5);
    expect(seen.answered).toBeGreaterThan(seen.seconds * ratePerSecond * 0.8);
    expect(after).toBe(sha);
    expect(back).not.toBe(sha);
    expect([...seen.versions].toSorted()).toEqual([sha, back].toSorted());
  });
});

interface Seen {
  readonly answered: number;
  /** What was not answered as it must be, each in words. */
  readonly lost: readonly string[];
  readonly versions: ReadonlySet<string>;
  readonly seconds: number;
}

/** Asks for the health of what is live, so many times a second, whatever the answers before. */
function startTraffic(address: string): { next(): Promise<string>; stop(): Promise<Seen> } {
  const agent = new Agent({ keepAlive: true });
  const open = new Set<Promise<unknown>>();
  const lost: string[] = [];
  const versions = new Set<string>();
  const startedMs = performance.now();
  let answered = 0;
  const one = async () => {
    try {
      const { status, text } = await ask(agent, address);
      const body: { version?: string } = status === 200 ? JSON.parse(text) : {};
      if (body.version === undefined) lost.push(`${status}: ${text.slice(0, 120)}`);
      else versions.add(body.version);
      answered += 1;
      return body.version ?? '';
    } catch (error) {
      lost.push(String(error));
      return '';
    }
  };
  const timer = setInterval(() => {
    const asked = one().finally(() => open.delete(asked));
    open.add(asked);
  }, 1000 / ratePerSecond);
  return {
    next: one,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
      return { answered, lost, versions, seconds: (performance.now() - startedMs) / 1000 };
    },
  };
}

function ask(agent: Agent, address: string): Promise<{ readonly status: number; readonly text: string }> {
  const { port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, path: '/api/health', headers: { host }, timeout: 30_000 };
    const asked = request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 30 s')));
    asked.on('error', reject).end();
  });
}
