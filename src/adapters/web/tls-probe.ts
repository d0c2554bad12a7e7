import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import type { TlsAnswer } from '../../core/gate/model.ts';
import { printable } from '../../core/printable.ts';

/** Bound on the whole connection. */
const timeoutMs = 10_000;

/** Where a domain's TLS is asked. */
export interface TlsPlace {
  readonly host: string;
  readonly port: number;
  /** A certificate that is trusted beside the usual ones: the local cloud's authority. */
  readonly caFile?: string | undefined;
}

/** Begins a TLS connection for a domain and says whether its certificate is trusted; never rejects for what the server does. */
export async function probeTls(domain: string, { host, port, caFile }: TlsPlace, signal: AbortSignal): Promise<TlsAnswer> {
  const address = `${host}:${port}`;
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      servername: domain,
      rejectUnauthorized: false,
      timeout: timeoutMs,
      ...(ca === undefined ? {} : { ca }),
    });
    const end = (trusted: boolean, detail: string) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve({ address, trusted, detail });
    };
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('secureConnect', () => {
      const { valid_to: until, subjectaltname: names } = socket.getPeerCertificate();
      if (socket.authorized) end(true, `certificate for ${domain}, valid until ${printable(until)}`);
      // Node gives a code here, whatever its types say.
      else end(false, printable(`certificate of ${names ?? 'no name'} is not trusted for ${domain}: ${String(socket.authorizationError)}`));
    });
    socket.once('timeout', () => end(false, `no answer within ${timeoutMs / 1000} s`));
    socket.once('error', (error) => end(false, printable(error.message)));
  });
}
