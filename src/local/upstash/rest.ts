import { randomBytes } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { isLoopbackHost } from '../loopback.ts';
import { sameSecret } from '../same-secret.ts';
import { ReplyError, type RespConnection } from '../engines/resp.ts';
import { answerMany, answerOne, formatOf } from './rest-answer.ts';
import { commandOf, commandOfPath, commandsOf, jsonBody, problemOf, RestError, type Command } from './rest-command.ts';
import { streamReplies } from './rest-stream.ts';

/** What the REST interface of one database works with. */
export interface RedisRestOptions {
  /** Read on each request: a reset password changes them. */
  readonly tokens: () => { readonly full: string; readonly readOnly: string };
  readonly full: RespConnection;
  /** Logged in as the user who may only read. */
  readonly readOnly: RespConnection;
  log(line: string): void;
}

/**
 * Returns the REST interface of a database: `/`, `/pipeline`, `/multi-exec`, event streams and commands as paths. Values come back as they are, or as
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
  for (const path of ['/subscribe/*', '/psubscribe/*', '/monitor']) {
    app.on(['GET', 'POST'], path, async (c) => streamReplies(connectionOf(options, c), await commandOfPath(c), c.req.raw.signal));
  }
  app.on(['GET', 'HEAD', 'POST', 'PUT'], '/*', async (c) => one(c, connectionOf(options, c), await commandOfPath(c)));
  app.all('/*', notEmulated);
  return app;
}

function notEmulated(c: Context): never {
  throw new RestError(405, `ERR method ${c.req.method} is not allowed`);
}

function connectionOf(options: RedisRestOptions, c: Context): RespConnection {
  const token = /^Bearer\s+(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? c.req.query('_token') ?? '';
  const tokens = options.tokens();
  if (sameSecret(token, tokens.full)) return options.full;
  if (sameSecret(token, tokens.readOnly)) return options.readOnly;
  throw new RestError(401, 'WRONGPASS invalid or missing auth token');
}

async function one(c: Context, connection: RespConnection, command: Command): Promise<Response> {
  const format = formatOf(c);
  const refused = problemOf(command);
  if (refused !== undefined) throw new RestError(400, refused);
  const [reply = null] = await connection.send([command]);
  return answerOne(c, reply, format);
}

async function pipeline(c: Context, connection: RespConnection, commands: readonly Command[]): Promise<Response> {
  const format = formatOf(c);
  const runnable = commands.filter((command) => problemOf(command) === undefined);
  const replies = runnable.length === 0 ? [] : [...(await connection.send(runnable))];
  const inPlace = commands.map((command) => {
    const refused = problemOf(command);
    return refused === undefined ? (replies.shift() ?? null) : new ReplyError(refused);
  });
  return answerMany(c, inPlace, format);
}

/** MULTI … EXEC in one write: nothing of another request comes between. The answer is JSON, whatever format was asked for. */
async function multiExec(c: Context, connection: RespConnection, commands: readonly Command[]): Promise<Response> {
  const asked = formatOf(c);
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
  return answerMany(c, Array.isArray(outcome) ? outcome : [], asked === 'resp2' ? 'json' : asked);
}
