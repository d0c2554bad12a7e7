import type { Violation } from './judge.ts';

/** A difference between the local cloud and a vendor's OpenAPI file that stays, with its reason. */
export interface Tolerance {
  readonly vendor: Violation['vendor'];
  /** The operation as the vendor's file spells it, or a pattern of several. */
  readonly operation: string | RegExp;
  /** Where in the answer, as in `Violation`. */
  readonly at: string | RegExp;
  readonly problem: string | RegExp;
  readonly reason: string;
}

/** Every tolerated difference. */
export const tolerated: readonly Tolerance[] = [
  {
    vendor: 'vercel',
    operation: 'GET /v4/aliases/{idOrAlias}',
    at: '',
    problem: 'must be array',
    reason: 'The newest client (@vercel/sdk 1.28.35, GetAliasResponseBody) takes one object, and refuses a list.',
  },
];

/** Returns the tolerance that covers a violation, or undefined. */
export function toleranceOf(violation: Violation): Tolerance | undefined {
  const meets = (wanted: string | RegExp, text: string) => (typeof wanted === 'string' ? wanted === text : wanted.test(text));
  return tolerated.find(
    (one) =>
      one.vendor === violation.vendor &&
      meets(one.operation, violation.operation) &&
      meets(one.at, violation.at) &&
      meets(one.problem, violation.problem),
  );
}
