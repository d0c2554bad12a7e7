import type { CheckCaller } from './smoke.ts';

/** Somebody whom a provider signs in. */
export type SignedInCaller = Exclude<CheckCaller, 'nobody'>;

/** Returns how a caller is named, and known from the same address at another provider: `a@b.test`, or `a@b.test (clerk)`. */
export function callerName({ user, provider = 'app' }: SignedInCaller): string {
  return provider === 'app' ? user : `${user} (${provider})`;
}

/** Returns those who are signed in, each once, in order. */
export function signedInCallers(callers: readonly CheckCaller[]): readonly SignedInCaller[] {
  return [...new Map(callers.flatMap((caller) => (caller === 'nobody' ? [] : [[callerName(caller), caller] as const]))).values()];
}
