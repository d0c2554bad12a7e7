import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * When the proxy cuts the connection on which it sees the text: before the server gets it; after its work, so that only the answer is lost;
 * or `meanwhile`: the server has it and works on, not knowing that nobody listens any more.
 */
export type Cut = 'before' | 'after' | 'meanwhile';

/** The server is ready for more, and in no transaction (ReadyForQuery, https://www.postgresql.org/docs/15/protocol-message-formats.html). */
const idle = Buffer.from('Z\0\0\0\u0005I');

/** A TCP proxy on loopback that cuts a connection once, when a client sends a certain text. */
export interface CuttingProxy {
  readonly port: number;
  /** Arms it: the next connection that sends `text` is cut. */
  cutAt(text: string, cut: Cut): void;
  /** Cuts every connection there is. */
  cutAll(): void;
  /** Times that it has cut at a text. */
  cuts(): number;
  close(): Promise<void>;
}

/** Starts a proxy to a loopback port. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  let armed: { readonly text: string; readonly cut: Cut } | undefined;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let isLeftAlone = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        if (!isLeftAlone) upstream.destroy();
      });
    }
    upstream.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => {
      if (armed === undefined || !chunk.includes(armed.text)) {
        upstream.write(chunk);
        return;
      }
      const { cut } = armed;
      armed = undefined;
      cuts += 1;
      if (cut === 'before') {
        client.destroy();
        return;
      }
      // The server's answer is awaited and thrown away.
      upstream.removeAllListeners('data');
      let answer = Buffer.alloc(0);
      upstream.on('data', (data: Buffer) => {
        answer = Buffer.concat([answer, data]);
        if (!answer.includes(idle)) return;
        upstream.destroy();
        client.destroy();
      });
      upstream.write(chunk);
      if (cut === 'after') return;
      isLeftAlone = true;
      client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return {
    port: address.port,
    cutAt: (text, cut) => {
      armed = { text, cut };
    },
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    cuts: () => cuts,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
