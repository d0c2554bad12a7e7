import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Starts a TCP proxy that is as far from its clients as a round trip of `rttMs`: what a connection's first bytes wait for is the handshake
 * (one round trip), and everything takes half a round trip each way.
 */
export function startDistance(targetPort: number, rttMs: number): Server {
  return createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    const openAtMs = performance.now() + rttMs;
    const pass = (from: Socket, to: Socket) => {
      // What is sent before the handshake has ended waits for that, too.
      const later = (act: () => void) => setTimeout(act, Math.max(0, openAtMs - performance.now()) + rttMs / 2);
      from.on('data', (chunk) => later(() => to.write(chunk)));
      from.on('end', () => later(() => to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => later(() => to.destroy()));
    };
    pass(client, upstream);
    pass(upstream, client);
  });
}
