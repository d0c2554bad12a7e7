import { StagingError } from '../core/errors.ts';
import type { WebOutcome, WebTarget } from '../core/ports/web.ts';

/** Returns the error for a target that does not answer at all. */
export function unreachable(code: string, target: WebTarget, failure: WebOutcome & { readonly kind: 'failure' }): StagingError {
  return new StagingError('red', code, `${target.origin} ${what(failure)}: ${failure.message.replace(/\.$/, '')}.`, {
    fix: 'Run `jv-staging status` to see what the domain leads to, or correct `--url`.',
  });
}

function what({ class: why }: WebOutcome & { readonly kind: 'failure' }): string {
  switch (why) {
    case 'tls':
      return 'cannot be trusted (tls)';
    case 'too-large':
      return 'answers with far too much (too-large)';
    default:
      return `does not answer (${why})`;
  }
}
