import type { WebFailureClass } from '../../core/ports/web.ts';
import { clip } from '../../core/problem.ts';
import { BodyTooLargeError } from './body.ts';

/** Why there was no answer. */
export interface WebFailure {
  readonly class: WebFailureClass;
  readonly message: string;
}

/** Error codes of Node (`os.constants.errno`, dns) and undici (`docs/docs/api/Errors.md` of 8.12) by class. */
const classes: Readonly<Record<string, WebFailureClass>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EAI_NONAME: 'dns',
  UND_ERR_HEADERS_OVERFLOW: 'too-large',
  HPE_HEADER_OVERFLOW: 'too-large',
  EPROTO: 'tls',
};

/** OpenSSL's names of certificate errors as Node has them (`tls` documentation, "X509 certificate error codes"), and Node's own. */
const tlsCode =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

/** Returns the class and a short text for anything that a request threw; rethrows what can only be a bug of ours. */
export function failureOf(error: unknown, timeout: AbortSignal): WebFailure {
  if (timeout.aborted) return { class: 'timeout', message: 'no complete answer in time' };
  if (error instanceof BodyTooLargeError) return { class: 'too-large', message: error.message };
  const causes = causesOf(error);
  for (const cause of causes) {
    const code = codeOf(cause);
    if (code === undefined) continue;
    if (tlsCode.test(code)) return { class: 'tls', message: tlsText(cause, code) };
    const known = classes[code];
    if (known !== undefined) return { class: known, message: known === 'tls' ? tlsText(cause, code) : clip(cause.message) };
  }
  const code = causes.map(codeOf).find((found) => found !== undefined);
  if (!(error instanceof Error) || error instanceof TypeError || code === 'UND_ERR_INVALID_ARG') throw error;
  return { class: 'other', message: clip(error.message) };
}

/** Returns the error, what caused it, and the errors of several attempts (one for each address of a host), outermost first. */
function causesOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return [];
  const several = error instanceof AggregateError ? error.errors.flatMap((one: unknown) => causesOf(one)) : [];
  return [error, ...several, ...causesOf(error.cause)];
}

function codeOf(error: Error): string | undefined {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** OpenSSL's names in words; what is not here says it well itself. */
const tlsWords: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is from an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is from an authority that is not trusted here',
};

function tlsText(error: Error, code: string): string {
  const words = tlsWords[code];
  if (words !== undefined) return words;
  const reason: unknown = Reflect.get(error, 'reason');
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return typeof reason === 'string' ? clip(reason) : 'the other side does not speak TLS';
  return clip(error.message.split(/[;\n]/)[0] ?? code);
}
