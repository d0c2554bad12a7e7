import { StagingError } from '../core/errors.ts';

/** What a flag of a command looks like to whoever checks its environment twin. */
interface FlagShape {
  readonly type?: string;
  readonly env?: string | undefined;
}

/** What oclif's `isTruthy` takes for true; everything else would silently be false. */
const yes = ['true', 'TRUE', '1', 'yes', 'YES', 'y', 'Y'];
const no = ['', 'false', 'FALSE', '0', 'no', 'NO', 'n', 'N'];

/**
 * Refuses environment twins of yes-or-no flags whose value says neither: `JV_DRY_RUN=on` must not run for real. Throws
 * `FLAG_VALUE_UNCLEAR` (kind `usage`), naming the first.
 */
export function refuseUnclearTwins(
  flags: Readonly<Record<string, FlagShape>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): void {
  for (const { type, env } of Object.values(flags)) {
    const value = type === 'boolean' && env !== undefined ? environment[env] : undefined;
    if (env === undefined || value === undefined || yes.includes(value) || no.includes(value)) continue;
    throw new StagingError('usage', 'FLAG_VALUE_UNCLEAR', `${env} is ${JSON.stringify(value)}, expected true or false.`, {
      fix: `Set ${env}=true or ${env}=false.`,
    });
  }
}
