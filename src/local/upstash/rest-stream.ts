import { ReplyError, type Reply, type RespConnection, type RespStream } from '../engines/resp.ts';
import { RestError, type Command } from './rest-command.ts';

/**
 * Answers `/subscribe/…`, `/psubscribe/…` and `/monitor` with server-sent events, one a message, until the client leaves
 * (upstash.com/docs/redis/features/restapi, read 2026-11-22). A command that is refused is an error as any other.
 */
export function streamReplies(connection: RespConnection, command: Command, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const encoder = new TextEncoder();
    const opened: { events?: ReadableStreamDefaultController<Uint8Array>; stream?: RespStream } = {};
    const onReply = (reply: Reply) => {
      if (reply instanceof ReplyError) {
        reject(new RestError(400, reply.message));
        opened.stream?.close();
        return;
      }
      if (opened.events === undefined) resolve(eventStream(opened));
      opened.events?.enqueue(encoder.encode(event(reply)));
    };
    const onEnd = () => {
      reject(new Error('Redis closed the connection.'));
      try {
        opened.events?.close();
      } catch {
        // The client has left already.
      }
    };
    opened.stream = connection.stream(command, onReply, onEnd);
    signal.addEventListener('abort', () => opened.stream?.close());
  });
}

function eventStream(opened: { events?: ReadableStreamDefaultController<Uint8Array>; stream?: RespStream }): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      opened.events = controller;
    },
    cancel: () => opened.stream?.close(),
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } });
}

/** `subscribe,chat,1` and `message,chat,hello`; a line of MONITOR as it is, but its first, `"OK"`. */
function event(reply: Reply): string {
  const text = Array.isArray(reply) ? reply.map(textOf).join(',') : reply === 'OK' ? '"OK"' : textOf(reply);
  return `${text
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}

function textOf(reply: Reply): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : String(reply);
}
