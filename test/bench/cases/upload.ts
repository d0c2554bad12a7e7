import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { z } from 'zod';
import { closeServer, listen, originOf } from '../../support/delayed-server.ts';
import { removeCloud } from '../../support/local-cloud.ts';
import { timeProcess } from '../measure.ts';
import { type BenchCase, tool } from '../place.ts';

const runs = 5;
const files = 2_000;
const fileBytes = 8 * 1024;
const connections = 32;

/** 800 files a second, as the local cloud promises. */
const targetSeconds = files / 800;

const environment = z.object({ data: z.object({ VERCEL_API_URL: z.string(), VERCEL_TOKEN: z.string(), VERCEL_ORG_ID: z.string() }) });

/** How fast the local cloud takes a deployment's files, beside a Node server that does nothing but write each to disk. */
export const upload: BenchCase = {
  name: 'upload',
  run: async (say) => {
    const cwd = await mkdtemp(join(tmpdir(), 'jv-bench-'));
    const local = (command: string) =>
      timeProcess(
        tool(['local', command, '--json'], {
          cwd,
          check: ({ exitCode, stderr }) => {
            if (exitCode !== 0) throw new Error(stderr);
          },
          env: { ...process.env, JV_STATE_DIR: cwd },
          timeoutMs: 180_000,
        }),
      );
    const bare = await startBareStore(join(cwd, 'bare'));
    try {
      await local('start');
      const { data } = environment.parse(JSON.parse((await local('env')).stdout));
      const cloud = { url: data.VERCEL_API_URL, path: `/v2/files?teamId=${data.VERCEL_ORG_ID}`, token: data.VERCEL_TOKEN };
      const values: number[] = [];
      const peers: number[] = [];
      for (let run = 0; run <= runs; run += 1) {
        say(`${files} files of ${fileBytes} bytes, run ${run} of ${runs}`);
        const own = await uploadAll(cloud);
        const peer = await uploadAll({ url: originOf(bare), path: '/', token: '' });
        if (run === 0) continue; // the first warms up
        await assertKept(cloud, own.shas);
        values.push(own.seconds);
        peers.push(peer.seconds);
      }
      return [
        {
          name: `upload of ${files} files of 8 KB, ${connections} connections`,
          unit: 's' as const,
          values,
          peer: { name: 'bare Node that writes them', values: peers },
          target: { atMost: targetSeconds, unit: 's' as const, of: 'value' as const },
        },
      ];
    } finally {
      await closeServer(bare);
      await removeCloud(join(cwd, 'local'));
      await rm(cwd, { recursive: true, force: true });
    }
  },
};

interface Destination {
  readonly url: string;
  readonly path: string;
  readonly token: string;
}

/** Uploads new files; returns how long it took, in seconds, and what they are. */
async function uploadAll({ url, path, token }: Destination): Promise<{ readonly seconds: number; readonly shas: readonly string[] }> {
  const contents = Array.from({ length: files }, () => randomBytes(fileBytes));
  const requests = contents.map((body) => {
    const sha = createHash('sha1').update(body).digest('hex');
    const headers = {
      authorization: `Bearer ${token}`,
      'x-now-digest': sha,
      'x-now-size': String(fileBytes),
      'content-type': 'application/octet-stream',
    };
    return { sha, send: { path, method: 'POST' as const, body, headers } };
  });
  const pool = new Pool(url, { connections });
  const startedMs = performance.now();
  await Promise.all(
    requests.map(async ({ send }) => {
      const answer = await pool.request(send);
      if (answer.statusCode !== 200) throw new Error(`The upload was answered with ${answer.statusCode}: ${await answer.body.text()}`);
      await answer.body.dump();
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  await pool.close();
  return { seconds, shas: requests.map(({ sha }) => sha) };
}

/** Speed must not come from forgetting: a deployment of the files must miss none of them. */
async function assertKept({ url, path, token }: Destination, shas: readonly string[]): Promise<void> {
  const teamId = new URL(path, url).searchParams.get('teamId') ?? '';
  const ask = async (route: string, body: unknown) => {
    const response = await fetch(`${url}${route}?teamId=${teamId}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  await ask('/v11/projects', { name: 'bench' }); // there already from the second run on
  const list = shas.map((sha) => ({ file: `${sha}.bin`, sha, size: fileBytes }));
  const { status, text } = await ask('/v13/deployments', { name: 'bench', files: list });
  if (status !== 200) throw new Error(`A deployment of what was uploaded was answered with ${status}: ${text.slice(0, 200)}`);
}

async function startBareStore(dir: string) {
  await mkdir(dir, { recursive: true });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      writeFileSync(join(dir, randomBytes(8).toString('hex')), Buffer.concat(chunks));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await listen(server);
  return server;
}
