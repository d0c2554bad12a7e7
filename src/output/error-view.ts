import { StagingError } from '../core/errors.ts';

/** Returns what is shown of anything thrown: one of ours as what happened and what mends it (`verbose`: with its causes), a bug with its stack. */
export function errorView(
  error: unknown,
  verbose: boolean,
): { readonly code: string; readonly message: string; readonly fix: string | undefined } {
  if (error instanceof StagingError) {
    return { code: error.code, message: verbose ? withCauses(error) : error.message, fix: error.fix };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'BUG', message, fix: 'Report this with the command that you ran: it is a bug of jv-staging.' };
}

function withCauses(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
