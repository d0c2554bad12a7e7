import { connect, type Socket } from 'node:net';

/** A reply of Redis (RESP2). Bulk strings stay bytes; `ReplyError` is an error inside the data. */
export type Reply = Buffer | string | number | null | ReplyError | readonly Reply[];

/** An error that Redis answered a command with. */
export class ReplyError extends Error {}

/** A connection that sends commands as they are and returns replies as they are: nothing is transformed on the way. */
export interface RespConnection {
  /** Sends commands in one write and returns their replies in order. Throws when the server is not reached or leaves. */
  send(commands: readonly (readonly (string | Buffer)[])[]): Promise<readonly Reply[]>;
  /**
   * Sends one command on a connection of its own and hands over each reply as it comes, until it is closed or breaks. An error that the
   * server answers with is a reply like others.
   */
  stream(command: readonly (string | Buffer)[], onReply: (reply: Reply) => void, onEnd: () => void): RespStream;
  close(): void;
}

/** Replies that come by themselves. */
export interface RespStream {
  close(): void;
}

interface Waiting {
  readonly count: number;
  readonly replies: Reply[];
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: Error) => void;
}

interface Line {
  readonly socket: Socket;
  readonly waiting: Waiting[];
}

/** Returns a connection to a Redis server on loopback; it is made at the first command and again after it broke. */
export function respConnection(port: number, login: () => { readonly user: string; readonly password: string }): RespConnection {
  let line: Promise<Line> | undefined;
  const open = async (): Promise<Line> => {
    const opened = await openLine(port);
    opened.socket.once('close', () => {
      line = undefined;
    });
    const { user, password } = login();
    const [answer] = await sendOn(opened, [['AUTH', user, password]]);
    if (answer instanceof ReplyError) {
      opened.socket.destroy();
      throw answer;
    }
    return opened;
  };
  return {
    send: async (commands) => {
      line ??= open();
      try {
        return await sendOn(await line, commands);
      } catch (error) {
        line = undefined;
        throw error;
      }
    },
    stream: (command, onReply, onEnd) => {
      const { user, password } = login();
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let isLoggedIn = false;
      readReplies(socket, (reply) => {
        if (isLoggedIn || reply instanceof ReplyError) onReply(reply);
        isLoggedIn = true;
      });
      socket.on('error', () => undefined).once('close', onEnd);
      socket.write(Buffer.concat([encode(['AUTH', user, password]), encode(command)]));
      return { close: () => socket.destroy() };
    },
    close: () => {
      void line?.then(({ socket }) => socket.destroy()).catch(() => undefined);
      line = undefined;
    },
  };
}

function openLine(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const line: Line = { socket, waiting: [] };
    const fail = (error: Error) => {
      reject(error);
      for (const request of line.waiting.splice(0)) request.reject(error);
    };
    socket.once('connect', () => resolve(line));
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('Redis closed the connection.')));
    readReplies(socket, (reply) => deliver(line.waiting, reply));
  });
}

function sendOn({ socket, waiting }: Line, commands: readonly (readonly (string | Buffer)[])[]): Promise<readonly Reply[]> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) {
      reject(new Error('Redis closed the connection.'));
      return;
    }
    waiting.push({ count: commands.length, replies: [], resolve, reject });
    socket.write(Buffer.concat(commands.map(encode)));
  });
}

function encode(command: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command) {
    const bytes = typeof argument === 'string' ? Buffer.from(argument) : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

function readReplies(socket: Socket, onReply: (reply: Reply) => void): void {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let neededBytes = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    // A large value comes in many chunks: it is joined once, when all of it can be there.
    if (sizeBytes < neededBytes) return;
    let buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    for (;;) {
      const parsed = parse(buffer, 0);
      if ('needed' in parsed) {
        neededBytes = parsed.needed;
        break;
      }
      buffer = buffer.subarray(parsed.end);
      onReply(parsed.reply);
    }
    chunks = [buffer];
    sizeBytes = buffer.length;
  });
}

function deliver(waiting: Waiting[], reply: Reply): void {
  const request = waiting[0];
  if (request === undefined) return;
  request.replies.push(reply);
  if (request.replies.length < request.count) return;
  waiting.shift();
  request.resolve(request.replies);
}

type Parsed = { readonly reply: Reply; readonly end: number } | { readonly needed: number };

/** Reads one reply at `start`, or says how long the buffer must at least be. */
function parse(buffer: Buffer, start: number): Parsed {
  const lineEnd = buffer.indexOf('\r\n', start);
  if (lineEnd === -1) return { needed: buffer.length + 1 };
  const type = String.fromCharCode(buffer[start] ?? 0);
  const text = buffer.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (type) {
    case '+':
      return { reply: text, end };
    case '-':
      return { reply: new ReplyError(text), end };
    case ':':
      return { reply: Number(text), end };
    case '$': {
      const length = Number(text);
      if (length === -1) return { reply: null, end };
      if (buffer.length < end + length + 2) return { needed: end + length + 2 };
      return { reply: buffer.subarray(end, end + length), end: end + length + 2 };
    }
    case '*':
      return parseArray(buffer, end, Number(text));
    default:
      throw new Error(`Redis sent a reply of unknown type ${JSON.stringify(type)}.`);
  }
}

function parseArray(buffer: Buffer, start: number, length: number): Parsed {
  if (length === -1) return { reply: null, end: start };
  const items: Reply[] = [];
  let end = start;
  for (let index = 0; index < length; index += 1) {
    const item = parse(buffer, end);
    if ('needed' in item) return item;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}
