import { StagingError } from '../core/errors.ts';
import type { Context } from './context.ts';

/** Returns the error for a value that is needed and stands nowhere (kind `missing`); `fix` says how to come by it. */
export function missingValue({ envFile }: Pick<Context, 'envFile'>, name: string, code: string, fix: string): StagingError {
  return new StagingError('missing', code, `${name} stands neither in the environment nor in ${envFile}.`, { fix });
}
