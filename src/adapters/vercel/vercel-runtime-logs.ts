import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { StagingError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { RuntimeLogs } from '../../core/ports/probes.ts';
import { clip } from '../../core/problem.ts';
import { apiPath } from '../http/api-path.ts';
import { pinnedBase } from '../http/pinned-base.ts';
import { codeOf } from '../files/durable-file.ts';
import { vercelVendor } from './vercel-api.ts';

/** Where Vercel is, who we are there, and whose logs are read. */
export interface RuntimeLogsOptions {
  readonly token: string;
  readonly team: string;
  readonly localUrl?: string | undefined;
  readonly clock: Clock;
}

/** The stream is opened again when it ends before the line was there (the local cloud's ends with the last line there is). */
const pauseMs = 300;
/** Bound on what is read of one stream. */
const maxBytes = 32 * 1024 * 1024;

/**
 * Returns the port over `GET /v1/projects/{projectId}/deployments/{deploymentId}/runtime-logs` (Vercel's OpenAPI file of 2025-10-29:
 * a stream of one JSON object a line, kept open for new lines), for the project of this id or name.
 */
export function vercelRuntimeLogs(options: RuntimeLogsOptions, project: () => string): RuntimeLogs {
  const { token, team, localUrl, clock } = options;
  const hosts = localUrl === undefined ? ['api.vercel.com'] : ('loopback' as const);
  const base = pinnedBase({ vendor: vercelVendor, baseUrl: localUrl ?? 'https://api.vercel.com', hosts });
  return {
    waitFor: async (deploymentId, text, timeoutMs, signal) => {
      const address = new URL(apiPath`/v1/projects/${project()}/deployments/${deploymentId}/runtime-logs`, base);
      address.searchParams.set(team.startsWith('team_') ? 'teamId' : 'slug', team);
      const endMs = clock.nowMs() + timeoutMs;
      const connect = { rejectUnauthorized: true };
      const dispatcher = new Agent({ connections: 1, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect });
      let lines = 0;
      try {
        while (clock.nowMs() < endMs) {
          const until = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, endMs - clock.nowMs()))]);
          const seen = await readStream({ address, token, text, dispatcher }, until, signal);
          lines = Math.max(lines, seen.lines);
          if (seen.found) return { found: true, lines };
          if (clock.nowMs() + pauseMs < endMs) await clock.sleep(pauseMs, signal);
          else break;
        }
        return { found: false, lines };
      } finally {
        await dispatcher.destroy();
      }
    },
  };
}

interface Reading {
  readonly address: URL;
  readonly token: string;
  readonly text: string;
  readonly dispatcher: Agent;
}

async function readStream(reading: Reading, until: AbortSignal, signal: AbortSignal): Promise<{ found: boolean; lines: number }> {
  const { address, token, text, dispatcher } = reading;
  const seen = { found: false, lines: 0 };
  try {
    const answer = await request(address, { dispatcher, headers: { authorization: `Bearer ${token}`, accept: '*/*' }, signal: until });
    if (answer.statusCode !== 200) {
      answer.body.destroy();
      throw refused(answer.statusCode);
    }
    const lines = createInterface({ input: bounded(answer.body), crlfDelay: Infinity });
    // readline passes on its input's errors, also after the last line was read.
    lines.on('error', () => undefined);
    for await (const line of lines) {
      seen.lines += 1;
      seen.found ||= line.includes(text);
      if (seen.found) break;
    }
    answer.body.on('error', () => undefined).destroy();
  } catch (error) {
    signal.throwIfAborted();
    // Its time was over, or the stream was cut: what was read until then counts.
    if (error instanceof StagingError) throw error;
    if (!until.aborted && seen.lines === 0) throw unreachable(error);
  }
  return seen;
}

function bounded(body: Readable): Readable {
  let sizeBytes = 0;
  body.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) body.destroy();
  });
  return body;
}

function refused(status: number): StagingError {
  const isForbidden = status === 401 || status === 403;
  return new StagingError(
    isForbidden ? 'missing' : 'vendor',
    isForbidden ? 'VERCEL_FORBIDDEN' : 'VERCEL_REQUEST_FAILED',
    `Vercel answered the request for runtime logs with status ${status}.`,
    { fix: isForbidden ? vercelVendor.credentialFix : 'Run the same command again; if it fails again, look at the status of Vercel.' },
  );
}

function unreachable(error: unknown): StagingError {
  const reason = codeOf(error) ?? (error instanceof Error ? clip(error.message) : 'no reason given');
  return new StagingError('vendor', 'VERCEL_UNREACHABLE', `Vercel did not answer the request for runtime logs: ${reason}.`, {
    fix: 'Check that this machine may reach api.vercel.com, then run the same command again.',
    cause: error,
  });
}
