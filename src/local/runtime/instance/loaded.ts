import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';

/** A function that this process can be asked for. */
export interface FunctionSpec {
  readonly dir: string;
  readonly handler: string;
  readonly addHelpers: boolean;
  /** The handler takes a web request and returns a web answer. */
  readonly webApi: boolean;
  readonly runtime: 'node' | 'edge';
  readonly assets: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

/** A function that is ready. */
export interface Loaded {
  readonly serve: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly upgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => unknown) | undefined;
}

/** Something whose fields are not known. */
export type Anything = Readonly<Record<string, unknown>>;

/** Says whether a value has fields. */
export function isRecord(value: unknown): value is Anything {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

/** Returns the address that the visitor asked for. */
export function absoluteUrl(request: IncomingMessage): URL {
  const protocol = request.headers['x-forwarded-proto'] ?? 'http';
  const host = request.headers['x-forwarded-host'] ?? request.headers.host ?? 'localhost';
  return new URL(`${String(protocol)}://${String(host)}${request.url ?? '/'}`);
}

/** The methods after which functions may be named. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Says whether requests of this method carry a body. */
export function mayHaveBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** A web answer, of this realm or of another. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: Iterable<[string, string]> & { getSetCookie(): string[] };
  readonly body: { getReader(): { read(): Promise<{ done: boolean; value?: unknown }> } } | null;
}

/** Writes a web answer, each piece as it comes. */
export async function writeAnswer(result: WebAnswer, response: ServerResponse): Promise<void> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of result.headers) if (name !== 'set-cookie') headers[name] = value;
  const cookies = result.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  response.writeHead(result.status, headers);
  if (!result.body) return void response.end();
  response.flushHeaders();
  const reader = result.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || response.destroyed) break;
    if (!response.write(bytesOf(value))) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
  }
  return void response.end();
}

/** Bytes of another realm are no `Uint8Array` of ours, but views all the same. */
function bytesOf(piece: unknown): Uint8Array | string {
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  return String(piece);
}

/** Lets work go on after the answer; what goes wrong there is a line in the log. */
export function lateWork(work: unknown): void {
  Promise.resolve(work).catch((error: unknown) => process.stderr.write(`${inspect(error)}\n`));
}
