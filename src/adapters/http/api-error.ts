import { type ErrorKind, StagingError, type StagingErrorDetails } from '../../core/errors.ts';
import { jsonOrUndefined } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import type { RawAnswer } from './attempt.ts';

/** Who an API belongs to, for codes and messages. */
export interface Vendor {
  /** First word of its error codes. */
  readonly code: 'VERCEL' | 'SUPABASE' | 'UPSTASH' | 'CLERK' | 'SENTRY' | 'GITHUB' | 'SLACK';
  /** Its name, for people. */
  readonly name: string;
  /** What to do when it refuses the credentials; names the variables. */
  readonly credentialFix: string;
}

/** What a `VendorError` carries beside its message. */
export interface VendorErrorDetails extends StagingErrorDetails {
  /** Status of the answer, when there was one. */
  readonly status?: number | undefined;
  /** The vendor's own code for the error (`not_found`), when its answer had one. */
  readonly vendorCode?: string | undefined;
  /** True when the call may have taken effect all the same: find out by reading before calling again. */
  readonly outcomeUnknown?: boolean | undefined;
}

/** A vendor's API refused, failed or did not answer. */
export class VendorError extends StagingError {
  readonly status: number | undefined;
  readonly vendorCode: string | undefined;
  readonly outcomeUnknown: boolean;

  constructor(kind: ErrorKind, code: string, message: string, details: VendorErrorDetails = {}) {
    super(kind, code, message, details);
    this.status = details.status;
    this.vendorCode = details.vendorCode;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
  }
}

/** A call as messages name it: no query, no header, no body. */
export interface CallName {
  readonly vendor: Vendor;
  readonly method: string;
  readonly path: string;
}

const resume = 'Run the same command again: it reads what is there first and goes on from it.';

/** Returns the error for an answer whose status is not one that the caller takes. `said` is the vendor's own message, printable. */
export function refusal(call: CallName, status: number, said: VendorSaying, outcomeUnknown: boolean): VendorError {
  const { vendor } = call;
  const text = said.message === '' ? '' : `: ${said.message}`;
  const named = `${call.method} ${call.path} with status ${status}${text}.`;
  const details = { status, vendorCode: said.code, outcomeUnknown };
  if (status === 401 || status === 403) {
    return new VendorError('missing', `${vendor.code}_FORBIDDEN`, `${vendor.name} did not allow ${named}`, {
      ...details,
      fix: vendor.credentialFix,
    });
  }
  if (status === 402) {
    return new VendorError('vendor', `${vendor.code}_PAYMENT_REQUIRED`, `${vendor.name}'s plan does not include ${named}`, {
      ...details,
      fix: `Check the plan and the quotas of the account at ${vendor.name}.`,
    });
  }
  const unknown = outcomeUnknown ? ' Whether it took effect is not known.' : '';
  return new VendorError('vendor', `${vendor.code}_REQUEST_FAILED`, `${vendor.name} answered ${named}${unknown}`, {
    ...details,
    fix: resume,
  });
}

/** Returns the error for a vendor that limits our rate for longer than we wait. */
export function rateLimited(call: CallName, status: number, said: VendorSaying, until: string | undefined): VendorError {
  const reset = until === undefined ? 'without saying until when' : `until ${until}`;
  const text = said.message === '' ? '' : `: ${said.message}`;
  const message = `${call.vendor.name} limits the rate of ${call.method} ${call.path} ${reset}${text}.`;
  return new VendorError('vendor', `${call.vendor.code}_RATE_LIMITED`, message, {
    status,
    vendorCode: said.code,
    fix: `${until === undefined ? 'Wait a minute' : `Wait until ${until}`}. ${resume}`,
  });
}

/** What helps against a certificate that is not taken; calling again does not. */
const certificateFix =
  'Check the date and time of this machine, and who answers for the vendor on this network; a proxy’s own authority goes into NODE_EXTRA_CA_CERTS.';

/** Returns the error for a call without an answer. `problem` reads on after "… did not answer …:". */
export function unreachable(
  call: CallName,
  { problem, certificate }: { readonly problem: string; readonly certificate: boolean },
  outcomeUnknown: boolean,
  cause: unknown,
): VendorError {
  const unknown = outcomeUnknown ? ' Whether the call took effect is not known.' : '';
  const message = `${call.vendor.name} did not answer ${call.method} ${call.path}: ${printable(problem)}.${unknown}`;
  return new VendorError('vendor', `${call.vendor.code}_UNREACHABLE`, message, {
    outcomeUnknown,
    cause,
    fix: certificate ? certificateFix : resume,
  });
}

/** Returns the error for an answer that is not what the API promises. `problem` holds no value of the answer that may be secret. */
export function unexpected(call: CallName, status: number, problem: string, outcomeUnknown: boolean): VendorError {
  const message = `${call.vendor.name} answered ${call.method} ${call.path} with status ${status} but ${printable(problem, 500)}.`;
  return new VendorError('vendor', `${call.vendor.code}_ANSWER_UNEXPECTED`, message, { status, outcomeUnknown, fix: resume });
}

/** A vendor's own words about an error, printable. */
export interface VendorSaying {
  readonly code: string | undefined;
  readonly message: string;
}

/**
 * Returns what an error body says: `{error:{code,message}}` (Vercel), `{message}` or `{msg,error_code}` (Supabase), `{error}` or a
 * bare string (Upstash), else the first characters of the text.
 */
export function vendorSaying(text: string): VendorSaying {
  const body = jsonOrUndefined(text);
  const inner = field(body, 'error');
  const holder = typeof inner === 'object' && inner !== null ? inner : body;
  const candidates = [field(holder, 'message'), field(holder, 'msg'), field(holder, 'error_description'), inner, body];
  const message = candidates.find((candidate) => typeof candidate === 'string') ?? (body === undefined ? text.slice(0, 160) : '');
  const code = [field(holder, 'error_code'), field(holder, 'code')].find((candidate) => typeof candidate === 'string');
  return { code: code === undefined ? undefined : printable(code, 80), message: printable(message).replace(/\.$/, '') };
}

/** Headers by which a vendor finds a request again: Vercel's own (https://vercel.com/docs/headers/response-headers), the usual one, Cloudflare's. */
const requestIdHeaders = ['x-vercel-id', 'x-request-id', 'cf-ray'];

/** Returns what a vendor says with the request's id added, for a failure that only the vendor can look into. */
export function withRequestId(said: VendorSaying, answer: Pick<RawAnswer, 'status' | 'headers'>): VendorSaying {
  const id = requestIdHeaders.map((name) => answer.headers[name]).find((value) => typeof value === 'string');
  if (answer.status < 500 || typeof id !== 'string') return said;
  const named = `request ${printable(id, 80)}`;
  return { ...said, message: said.message === '' ? named : `${said.message} (${named})` };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
