import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { requestId } from './error-page.ts';
import type { Rewritten } from './forwarded.ts';
import { functionHeaders, rewrittenUrl } from './forwarded.ts';
import type { Instance } from './instance.ts';

/** Refuses a WebSocket with a bare status line. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Hands a WebSocket connection to a function: bytes pass both ways once it has agreed. */
export function upgradeToFunction(
  instance: Instance,
  name: string,
  decision: Rewritten,
  asked: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): void {
  const { request, socket, head } = asked;
  const headers = {
    ...functionHeaders(instance, name, decision, request, requestId()),
    connection: 'Upgrade',
    upgrade: request.headers.upgrade,
  };
  const inner = httpRequest({
    host: '127.0.0.1',
    port: instance.port,
    method: request.method,
    path: rewrittenUrl(request, decision),
    headers,
    agent: false,
  });
  inner.once('upgrade', (answer, far, farHead) => {
    socket.write(headOf(answer));
    if (farHead.length > 0) socket.write(farHead);
    if (head.length > 0) far.write(head);
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
    far.on('close', () => socket.destroy());
    socket.on('close', () => far.destroy());
    far.pipe(socket).pipe(far);
  });
  inner.once('response', (answer) => {
    socket.write(headOf(answer, 'close'));
    answer.pipe(socket);
  });
  inner.once('error', () => refuseUpgrade(socket, '502 Bad Gateway'));
  inner.end();
}

/** Returns an answer's status line and headers; with `close`, for a body that ends with the connection. */
function headOf(answer: IncomingMessage, end?: 'close'): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    if (end && /^(connection|transfer-encoding|keep-alive)$/i.test(name)) continue;
    lines.push(`${name}: ${answer.rawHeaders[index + 1]}`);
  }
  if (end) lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
