import ms, { type StringValue } from 'ms';
import { StagingError } from '../core/errors.ts';

/** Returns a duration such as `30s` or `10m` in milliseconds. Throws `DURATION_INVALID` (exit 2), naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const value = isDuration(text) ? ms(text) : undefined;
  if (value !== undefined && Number.isFinite(value) && value >= 0) return value;
  throw new StagingError('usage', 'DURATION_INVALID', `${flag} is ${JSON.stringify(text)}, expected a duration such as 30s or 10m.`, {
    fix: `Pass \`${flag} 30s\`.`,
  });
}

function isDuration(text: string): text is StringValue {
  return /^\d+(\.\d+)?(ms|s|m|h)$/.test(text);
}
