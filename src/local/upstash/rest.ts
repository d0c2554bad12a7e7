import { randomBytes } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { isLoopbackHost } from '../loopback.ts';
import { sameSecret } from '../same-secret.ts';
import { ReplyError, type Reply, type RespConnection } from '../engines/resp.ts';

/** What the REST interface of one database works with. */
export interface RedisRestOptions {
  /** Read on each request: a reset password changes them. */
  readonly tokens: () => { readonly full: string; readonly readOnly: string };
  readonly full: RespConnection;
  /** Logged in as the user who may only read. */
  readonly readOnly: RespConnection;
  log(line: string): void;
}

type Command = readonly (string | Buffer)[];

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
class RestError extends Error {
  readonly status: 400 | 401 | 405 | 413 | 421;

  constructor(status: RestError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** The largest request that is taken, as the platform's free plan (db_max_request_size in its own answers). */
export const maxRequestBytes = 10 * 1024 * 1024;

/**
 * Returns the REST interface of a database: `/`, `/pipeline`, `/multi-exec` and commands as paths. Values come back as they are, or as
 * base64 when the client asks for it (its default).
 */
export function redisRest(options: RedisRestOptions): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof RestError) return c.json({ error: error.message }, error.status);
    options.log(`upstash: REST ${c.req.method} failed: ${error.message}`);
    return c.json({ error: 'ERR the database is not reachable' }, 503);
  });
  app.use(async (c, next) => {
    if (!isLoopbackHost(c.req.header('host'))) throw new RestError(421, `Host ${c.req.header('host') ?? ''} is not served here`);
    await next();
    // The client sends back what it got last; one server is always in sync, so any token will do.
    c.res.headers.set('upstash-sync-token', c.req.header('upstash-sync-token') ?? randomBytes(18).toString('base64'));
  });
  app.post('/', async (c) => one(c, connectionOf(options, c), commandOf(await jsonBody(c))));
  app.post('/pipeline', async (c) => pipeline(c, connectionOf(options, c), commandsOf(await jsonBody(c))));
  app.post('/multi-exec', async (c) => multiExec(c, connectionOf(options, c), commandsOf(await jsonBody(c))));
  app.on(['GET', 'HEAD', 'POST', 'PUT'], '/*', async (c) => one(c, connectionOf(options, c), await commandOfPath(c)));
  app.all('/*', (c) => {
    throw new RestError(405, `ERR method ${c.req.method} is not allowed`);
  });
  return app;
}

function connectionOf(options: RedisRestOptions, c: Context): RespConnection {
  const token = /^Bearer\s+(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? c.req.query('_token') ?? '';
  const tokens = options.tokens();
  if (sameSecret(token, tokens.full)) return options.full;
  if (sameSecret(token, tokens.readOnly)) return options.readOnly;
  throw new RestError(401, 'WRONGPASS invalid or missing auth token');
}

async function one(c: Context, connection: RespConnection, command: Command): Promise<Response> {
  const refused = problemOf(command);
  if (refused !== undefined) throw new RestError(400, refused);
  const [reply = null] = await connection.send([command]);
  if (reply instanceof ReplyError) throw new RestError(400, reply.message);
  return c.json({ result: shown(reply, isBase64(c)) });
}

async function pipeline(c: Context, connection: RespConnection, commands: readonly Command[]): Promise<Response> {
  const runnable = commands.filter((command) => problemOf(command) === undefined);
  const replies = runnable.length === 0 ? [] : [...(await connection.send(runnable))];
  const results = commands.map((command) => {
    const refused = problemOf(command);
    return refused === undefined ? resultOf(replies.shift() ?? null, isBase64(c)) : { error: refused };
  });
  return c.json(results);
}

/** MULTI … EXEC in one write: nothing of another request comes between. */
async function multiExec(c: Context, connection: RespConnection, commands: readonly Command[]): Promise<Response> {
  const refused = commands.map(problemOf).find((problem) => problem !== undefined);
  if (refused !== undefined) throw new RestError(400, refused);
  if (commands.length === 0) return c.json([]);
  const replies = await connection.send([['MULTI'], ...commands, ['EXEC']]);
  const outcome = replies.at(-1) ?? null;
  if (outcome instanceof ReplyError) {
    // EXECABORT says nothing of the cause; the command that was not accepted does.
    const cause = replies.find((reply) => reply instanceof ReplyError && reply !== outcome);
    throw new RestError(400, cause instanceof ReplyError ? `${outcome.message} (${cause.message})` : outcome.message);
  }
  const results = Array.isArray(outcome) ? outcome : [];
  return c.json(results.map((reply: Reply) => resultOf(reply, isBase64(c))));
}

function resultOf(reply: Reply, base64: boolean) {
  return reply instanceof ReplyError ? { error: reply.message } : { result: shown(reply, base64) };
}

type Shown = string | number | null | { readonly error: string } | readonly Shown[];

function shown(reply: Reply, base64: boolean): Shown {
  if (reply === null || typeof reply === 'number') return reply;
  if (reply instanceof ReplyError) return { error: reply.message };
  if (typeof reply === 'string') return base64 && reply !== 'OK' ? Buffer.from(reply).toString('base64') : reply;
  if (Buffer.isBuffer(reply)) return reply.toString(base64 ? 'base64' : 'utf8');
  return reply.map((item) => shown(item, base64));
}

function isBase64(c: Context): boolean {
  return c.req.header('upstash-encoding')?.toLowerCase() === 'base64';
}

function problemOf(command: Command): string | undefined {
  const [name = '', ...words] = command.map((part) => (typeof part === 'string' ? part : part.toString('utf8')).toUpperCase());
  const blocking = (name === 'XREAD' || name === 'XREADGROUP') && words.includes('BLOCK');
  if (!unavailable.has(name) && !blocking) return undefined;
  const shownName = blocking ? `${name} BLOCK` : name;
  return `ERR Command is not available: '${shownName}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

async function jsonBody(c: Context): Promise<unknown> {
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

function commandOf(value: unknown): Command {
  if (!Array.isArray(value)) throw new RestError(400, 'ERR failed to parse command');
  if (value.length === 0) throw new RestError(400, 'ERR empty command');
  return value.map(argumentOf);
}

function commandsOf(value: unknown): readonly Command[] {
  if (!Array.isArray(value)) throw new RestError(400, 'ERR failed to parse pipeline request');
  return value.map(commandOf);
}

function argumentOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  return JSON.stringify(value);
}

/** `/set/key/value?EX=100`: path parts, then the body as one argument, then query parameters as name and value. */
async function commandOfPath(c: Context): Promise<Command> {
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
