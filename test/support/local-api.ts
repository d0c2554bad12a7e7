import type { FetchApp } from '../../src/local/service.ts';

/** An answer of an emulated vendor, read whole. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A question to an emulated vendor. */
export interface ApiQuestion {
  /** The header, as it is. */
  readonly authorization: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly host?: string;
}

/** Asks an emulated vendor's API without a socket. */
export async function ask(app: FetchApp, question: ApiQuestion): Promise<ApiAnswer> {
  const { authorization, method, path, body, host = '127.0.0.1:4100' } = question;
  const response = await app.fetch(
    new Request(`http://127.0.0.1:4100${path}`, {
      method,
      headers: { host, authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
