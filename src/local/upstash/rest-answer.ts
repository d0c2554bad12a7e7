import type { Context } from 'hono';
import { ReplyError, type Reply } from '../engines/resp.ts';
import { RestError } from './rest-command.ts';

/** How replies are written: JSON with plain strings, JSON with base64 strings, or Redis' own protocol. */
export type AnswerFormat = 'json' | 'base64' | 'resp2';

/** Returns the format that the client asked for; throws for one that there is not. */
export function formatOf(c: Context): AnswerFormat {
  const format = c.req.header('upstash-response-format')?.toLowerCase() ?? 'json';
  const isBase64 = c.req.header('upstash-encoding')?.toLowerCase() === 'base64';
  if (format === 'json') return isBase64 ? 'base64' : 'json';
  if (format !== 'resp2') throw new RestError(400, `ERR unsupported response format: ${format}`);
  if (isBase64) throw new RestError(400, 'ERR base64 encoding is not allowed with the response format resp2');
  return 'resp2';
}

/** Returns the answer to one command; an error of Redis is a 400. */
export function answerOne(c: Context, reply: Reply, format: AnswerFormat): Response {
  const status = reply instanceof ReplyError ? 400 : 200;
  return format === 'resp2' ? binary(c, [reply], status) : c.json(resultOf(reply, format), status);
}

/** Returns the answers to several commands, each a result or an error in its place. */
export function answerMany(c: Context, replies: readonly Reply[], format: AnswerFormat): Response {
  return format === 'resp2' ? binary(c, replies, 200) : c.json(replies.map((reply) => resultOf(reply, format)));
}

function binary(c: Context, replies: readonly Reply[], status: 200 | 400): Response {
  return c.body(new Uint8Array(Buffer.concat(replies.map(protocol))), status, { 'content-type': 'application/octet-stream' });
}

/** A reply as Redis had sent it (RESP2). A null of an array cannot be told from that of a string any more: it is written as the latter. */
function protocol(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n');
  if (reply instanceof ReplyError) return Buffer.from(`-${reply.message}\r\n`);
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`);
  if (typeof reply === 'string') return Buffer.from(`+${reply}\r\n`);
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(protocol)]);
}

function resultOf(reply: Reply, format: AnswerFormat) {
  return reply instanceof ReplyError ? { error: reply.message } : { result: shown(reply, format === 'base64') };
}

type Shown = string | number | null | { readonly error: string } | readonly Shown[];

function shown(reply: Reply, base64: boolean): Shown {
  if (reply === null || typeof reply === 'number') return reply;
  if (reply instanceof ReplyError) return { error: reply.message };
  if (typeof reply === 'string') return base64 && reply !== 'OK' ? Buffer.from(reply).toString('base64') : reply;
  if (Buffer.isBuffer(reply)) return reply.toString(base64 ? 'base64' : 'utf8');
  return reply.map((item) => shown(item, base64));
}
