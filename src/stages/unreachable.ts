import { StagingError } from '../core/errors.ts';
import type { WebOutcome, WebTarget } from '../core/ports/web.ts';

/** Returns the error for a target that does not answer at all. */
export function unreachable(code: string, target: WebTarget, failure: WebOutcome & { readonly kind: 'failure' }): StagingError {
  return new StagingError('red', code, `${target.origin} ${what(failure)}: ${failure.message.replace(/\.$/, '')}.`, {
    fix: `Run \`curl -sv -m 30 ${target.origin}\` to see who answers there, and correct \`--url\`; where it is the environment's own address, run \`jv-staging status\`.`,
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
