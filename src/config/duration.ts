import ms, { type StringValue } from 'ms';
import { StagingError } from '../core/errors.ts';

/** Returns a duration such as `30s` or `10m` in milliseconds. Throws `DURATION_INVALID` (exit 2), naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const value = isDuration(text) ? ms(text) : undefined;
  if (value !== undefined && Number.isFinite(value) && value >= 0) return value;
  throw new StagingError('usage', 'DURATION_INVALID', `${flag} is ${JSON.stringify(text)}, expected a duration such as 30s or 10m.`, {
    fix: `Pass \`${flag} ${probably(text)}\`.`,
  });
}

/** Returns what was probably meant, as this tool reads it: `5m` for `5min`. */
function probably(text: string): string {
  const spelt: string = text.trim().toLowerCase();
  const value = isSpelt(spelt) ? ms(spelt) : Number.NaN;
  if (!Number.isFinite(value) || value <= 0) return '30s';
  const [size, unit] = units.find(([candidate]) => value % candidate === 0) ?? [1, 'ms'];
  return `${Math.round(value / size)}${unit}`;
}

const units = [
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const;

function isSpelt(text: string): text is StringValue {
  return /^\d{1,9}(\.\d+)? ?(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s|ms)$/.test(text);
}

function isDuration(text: string): text is StringValue {
  return /^\d+(\.\d+)?(ms|s|m|h)$/.test(text);
}
