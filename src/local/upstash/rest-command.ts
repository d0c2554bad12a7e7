import type { Context } from 'hono';

/** A command with its arguments; bytes stay bytes. */
export type Command = readonly (string | Buffer)[];

/** Commands that need a connection of one's own, or would change ours (upstash.com/docs/redis/overall/rediscompatibility and restapi, read 2026-11-22). */
const unavailable = new Set([
  'AUTH',
  'HELLO',
  'QUIT',
  'RESET',
  'SELECT',
  'CLIENT',
  'MULTI',
  'EXEC',
  'DISCARD',
  'WATCH',
  'UNWATCH',
  'MONITOR',
  'SYNC',
  'PSYNC',
  'REPLCONF',
  'SUBSCRIBE',
  'PSUBSCRIBE',
  'SSUBSCRIBE',
  'UNSUBSCRIBE',
  'PUNSUBSCRIBE',
  'SUNSUBSCRIBE',
  'BLPOP',
  'BRPOP',
  'BRPOPLPUSH',
  'BLMOVE',
  'BLMPOP',
  'BZPOPMIN',
  'BZPOPMAX',
  'BZMPOP',
  'WAIT',
  'WAITAOF',
  'ACL',
  'CONFIG',
  'DEBUG',
  'MODULE',
  'SHUTDOWN',
  'REPLICAOF',
  'SLAVEOF',
  'FAILOVER',
  'CLUSTER',
  'BGSAVE',
  'BGREWRITEAOF',
  'SAVE',
  'SWAPDB',
  'MIGRATE',
  'LATENCY',
  'SLOWLOG',
  'MEMORY',
]);

/** An answer other than success. */
export class RestError extends Error {
  readonly status: 400 | 401 | 405 | 413 | 421;

  constructor(status: RestError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** The largest request that is taken, as the platform's free plan (db_max_request_size in its own answers). */
const maxRequestBytes = 10 * 1024 * 1024;

/** Says why a command cannot be sent over REST, or undefined when it can. */
export function problemOf(command: Command): string | undefined {
  const [name = '', ...words] = command.map((part) => (typeof part === 'string' ? part : part.toString('utf8')).toUpperCase());
  const blocking = (name === 'XREAD' || name === 'XREADGROUP') && words.includes('BLOCK');
  if (!unavailable.has(name) && !blocking) return undefined;
  const shownName = blocking ? `${name} BLOCK` : name;
  return `ERR Command is not available: '${shownName}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

/** Reads the request's body as JSON. */
export async function jsonBody(c: Context): Promise<unknown> {
  const bytes = await limitedBody(c);
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return value;
  } catch {
    throw new RestError(400, 'ERR failed to parse command');
  }
}

async function limitedBody(c: Context): Promise<Buffer> {
  const tooLarge = (sizeBytes: number) =>
    new RestError(413, `ERR max request size exceeded. Limit: ${maxRequestBytes} bytes, Actual: ${sizeBytes} bytes`);
  const announced = Number(c.req.header('content-length') ?? 0);
  if (announced > maxRequestBytes) throw tooLarge(announced);
  const bytes = Buffer.from(await c.req.arrayBuffer());
  if (bytes.length > maxRequestBytes) throw tooLarge(bytes.length);
  return bytes;
}

/** Returns the command that a JSON array is. */
export function commandOf(value: unknown): Command {
  if (!Array.isArray(value)) throw new RestError(400, 'ERR failed to parse command');
  if (value.length === 0) throw new RestError(400, 'ERR empty command');
  return value.map(argumentOf);
}

/** Returns the commands of a pipeline or transaction. */
export function commandsOf(value: unknown): readonly Command[] {
  if (!Array.isArray(value)) throw new RestError(400, 'ERR failed to parse pipeline request');
  return value.map(commandOf);
}

function argumentOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  return JSON.stringify(value);
}

/** `/set/key/value?EX=100`: path parts, then the body as one argument, then query parameters as name and value. */
export async function commandOfPath(c: Context): Promise<Command> {
  const url = new URL(c.req.url);
  const parts: (string | Buffer)[] = url.pathname.slice(1).split('/').map(decodePart);
  if (parts[0] === '') throw new RestError(400, 'ERR empty command');
  if (c.req.method === 'POST' || c.req.method === 'PUT') {
    const bytes = await limitedBody(c);
    if (bytes.length > 0) parts.push(bytes);
  }
  for (const [name, value] of url.searchParams) {
    if (name === '_token') continue;
    parts.push(name);
    if (value !== '') parts.push(value);
  }
  return parts;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RestError(400, 'ERR failed to parse command');
  }
}
