import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { LocalEndpoints } from '../../src/core/local/endpoints.ts';

/** An answer of the emulated Vercel, its JSON read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A file of a deployment made in a test, its path relative to the project's root. */
export type Files = Readonly<Record<string, string>>;

/** Talks to the emulated Vercel by bare fetch. */
export function vercelClient(endpoints: Pick<LocalEndpoints, 'vercel'>) {
  const { apiUrl, token, teamId } = endpoints.vercel;
  const call = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => {
    const url = new URL(path, apiUrl);
    url.searchParams.set('teamId', teamId);
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...sent,
    });
    const text = await response.text();
    const parsed: Readonly<Record<string, unknown>> = text === '' ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, body: parsed };
  };

  const upload = async (content: string) => {
    const sha = sha1(content);
    const headers = { authorization: `Bearer ${token}`, 'x-vercel-digest': sha, 'x-now-size': String(Buffer.byteLength(content)) };
    return await fetch(`${apiUrl}/v2/files`, { method: 'POST', headers, body: content });
  };

  /** Uploads what is missing and creates a deployment, as every client of Vercel does. */
  const deploy = async (project: string, files: Files, more: Readonly<Record<string, unknown>> = { target: 'production' }) => {
    const list = Object.entries(files).map(([file, content]) => ({
      file,
      sha: sha1(content),
      size: Buffer.byteLength(content),
      mode: file.endsWith('.func') ? 0o120777 : 0o100644,
    }));
    const body = { name: project, project, files: list, ...more };
    const first = await call('POST', '/v13/deployments?skipAutoDetectionConfirmation=1', body);
    if (first.status !== 400) return first;
    await Promise.all(Object.values(files).map(upload));
    return await call('POST', '/v13/deployments?skipAutoDetectionConfirmation=1', body);
  };

  /** Waits until a deployment is READY, ERROR or CANCELED and its aliases are assigned. */
  const settled = async (id: unknown): Promise<Answer> => {
    for (;;) {
      const answer = await call('GET', `/v13/deployments/${String(id)}`);
      const { readyState, aliasAssigned } = answer.body;
      if (readyState === 'ERROR' || readyState === 'CANCELED' || (readyState === 'READY' && aliasAssigned)) return answer;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  };

  /** Waits until the promote or rollback under way is over; returns the project. */
  const moved = async (project: string): Promise<Answer> => {
    for (;;) {
      const answer = await call('GET', `/v9/projects/${project}?rollbackInfo=true`);
      const progress = JSON.stringify(answer.body['lastAliasRequest'] ?? {});
      if (/"jobStatus":"(succeeded|failed|skipped)"/.test(progress)) return answer;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  };

  /** Reads an answer that is no JSON, as text. */
  const raw = async (path: string): Promise<string> => {
    const url = new URL(path, apiUrl);
    url.searchParams.set('teamId', teamId);
    return await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
  };
  return { call, raw, upload, deploy, settled, moved };
}

/** Returns the sha1 of a text, as Vercel names files. */
export function sha1(content: string): string {
  return createHash('sha1').update(content).digest('hex');
}

/** What the gateway answered. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As they were sent, compressed or not. */
  readonly bytes: Buffer;
  readonly text: string;
}

/** Asks the gateway for a page of a host, whose name needs no DNS. */
export function visit(
  endpoints: Pick<LocalEndpoints, 'gateway'>,
  host: string,
  path = '/',
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const { host: address, port } = endpoints.gateway;
    const asked = request(
      { host: address, port, path, method: options.method ?? 'GET', headers: { ...options.headers, host } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            bytes: Buffer.concat(chunks),
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    asked.once('error', reject);
    asked.end(options.body);
  });
}
