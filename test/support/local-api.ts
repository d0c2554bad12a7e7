import type { FetchApp } from '../../src/local/service.ts';

/** An answer of an emulated vendor, read whole. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks an emulated vendor's API without a socket; `authorization` is sent as it is. */
export async function ask(
  app: FetchApp,
  authorization: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ApiAnswer> {
  const response = await app.fetch(
    new Request(`http://127.0.0.1:4100${path}`, {
      method,
      headers: { host: '127.0.0.1:4100', authorization, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
