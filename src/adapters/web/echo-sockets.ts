import { WebSocket } from 'ws';
import type { EchoOutcome, EchoSockets } from '../../core/ports/probes.ts';
import type { WebTarget } from '../../core/ports/web.ts';
import { lookupWith } from './lookup.ts';

/** What a WebSocket may send at most: an echo is as long as what was sent. */
const maxAnswerBytes = 64 * 1024;

/** Returns the port over `ws`: one connection a message, closed whatever comes; redirects are not followed. */
export function echoSockets(options: { readonly ca?: string | undefined } = {}): EchoSockets {
  return {
    echo: async (target, { path, text, timeoutMs }, signal) => {
      signal.throwIfAborted();
      const socket = new WebSocket(addressOf(target, path), {
        handshakeTimeout: timeoutMs,
        maxPayload: maxAnswerBytes,
        followRedirects: false,
        lookup: lookupWith(target.resolve),
        headers: target.bypassSecret === undefined ? {} : { 'x-vercel-protection-bypass': target.bypassSecret },
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      });
      try {
        return await conversation(socket, text, timeoutMs, signal);
      } finally {
        socket.terminate();
      }
    },
  };
}

function addressOf(target: WebTarget, path: string): string {
  const address = new URL(path, target.origin);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

async function conversation(socket: WebSocket, text: string, timeoutMs: number, signal: AbortSignal): Promise<EchoOutcome> {
  return await new Promise((resolve, reject) => {
    let openedMs: number | undefined;
    const end = (message: string) => settle(() => resolve({ kind: 'failure', stage: openedMs === undefined ? 'open' : 'answer', message }));
    const timer = setTimeout(() => end(`nothing within ${timeoutMs} ms`), timeoutMs);
    const onAbort = () => settle(() => reject(signal.reason));
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('open', () => {
      openedMs = performance.now();
      socket.send(text);
    });
    socket.on('message', (data: Buffer) => {
      const received = data.toString('utf8');
      const afterMs = performance.now() - (openedMs ?? performance.now());
      settle(() => resolve(received === text ? { kind: 'echo', afterMs } : { kind: 'other', received }));
    });
    // The library's message names the status of an answer that is no upgrade. Late errors are nobody's business any more.
    socket.on('error', (error) => end(error.message));
    socket.on('close', (code) => end(`it was closed (code ${code})`));
  });
}
