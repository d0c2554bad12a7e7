import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** When the proxy cuts the connection on which it sees the text: before the server gets it, or after, so that only the answer is lost. */
export type Cut = 'before' | 'after';

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
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
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
      // The server's answer is awaited and thrown away, so that its work is surely done.
      upstream.removeAllListeners('data');
      upstream.once('data', () => client.destroy());
      upstream.write(chunk);
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
