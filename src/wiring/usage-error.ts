import { StagingError } from '../core/errors.ts';
import { nearestWord } from '../core/nearest.ts';

/** Returns the expected failure that an error is: ours, or oclif's (only its parser throws: wrong usage); undefined for a bug of ours. */
export function asStagingError(
  error: unknown,
  flagNames: readonly string[],
  isParserError: (error: Error) => boolean,
): StagingError | undefined {
  if (error instanceof StagingError) return error;
  if (!(error instanceof Error) || !isParserError(error)) return undefined;
  const [sentence] = error.message.split('\nSee more help');
  return new StagingError('usage', 'USAGE_INVALID', (sentence ?? error.message).trim().replaceAll(/\s+/g, ' '), {
    fix: usageFix(error, flagNames),
    cause: error,
  });
}

/** Names the flag that was probably meant; oclif's error for unknown flags lists them in `flags`. */
function usageFix(error: Error, flagNames: readonly string[]): string {
  const [unknown]: readonly unknown[] = 'flags' in error && Array.isArray(error.flags) ? error.flags : [];
  const near = typeof unknown === 'string' ? nearestWord(unknown.replace(/^--(no-)?/, ''), flagNames) : undefined;
  return `${near === undefined ? 'Run' : `Write \`--${near}\`, or run`} the command with \`--help\` to see its flags.`;
}
