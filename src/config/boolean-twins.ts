import { StagingError } from '../core/errors.ts';

/** What a flag of a command looks like to whoever checks its environment twin. */
interface FlagShape {
  readonly type?: string;
  readonly env?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly multiple?: boolean | undefined;
}

/** What oclif's `isTruthy` takes for true; everything else would silently be false. */
const yes = ['true', 'TRUE', '1', 'yes', 'YES', 'y', 'Y'];
const no = ['', 'false', 'FALSE', '0', 'no', 'NO', 'n', 'N'];

/**
 * Refuses environment twins of yes-or-no flags whose value says neither: `JV_DRY_RUN=on` must not run for real; and those of flags with
 * set values that have another, which the parser would blame on a flag that nobody gave. Throws `FLAG_VALUE_UNCLEAR` (kind `usage`), naming
 * the first.
 */
export function refuseUnclearTwins(
  flags: Readonly<Record<string, FlagShape>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): void {
  for (const { type, env, options, multiple } of Object.values(flags)) {
    const value = env === undefined ? undefined : environment[env];
    if (env === undefined || value === undefined) continue;
    if (options !== undefined && multiple !== true && value !== '' && !options.includes(value)) throw notAnOption(env, value, options);
    if (type !== 'boolean' || yes.includes(value) || no.includes(value)) continue;
    throw new StagingError('usage', 'FLAG_VALUE_UNCLEAR', `${env} is ${JSON.stringify(value)}, expected true or false.`, {
      fix: `Set ${env}=true or ${env}=false.`,
    });
  }
}

function notAnOption(env: string, value: string, options: readonly string[]): StagingError {
  return new StagingError(
    'usage',
    'FLAG_VALUE_UNCLEAR',
    `The environment variable ${env} is ${JSON.stringify(value)}, expected one of ${options.join(', ')}.`,
    { fix: `Set ${env} to one of them, or run \`unset ${env}\`.` },
  );
}
