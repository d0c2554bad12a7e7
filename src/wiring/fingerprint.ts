import { StagingError } from '../core/errors.ts';
import type { Sealing } from '../core/ports/secret-file.ts';
import { stdinValue } from './stdin-value.ts';

/**
 * Returns the keyed fingerprint of what an input holds, without its last line feed, as `production.fingerprints` takes it. Throws
 * `FINGERPRINT_INPUT_EMPTY` (exit 2) and `STATE_KEY_MISSING` (exit 3).
 */
export async function fingerprintOf(input: AsyncIterable<string | Buffer>, sealing: () => Promise<Sealing>): Promise<string> {
  const value = await stdinValue(input);
  if (value === '') {
    throw new StagingError('usage', 'FINGERPRINT_INPUT_EMPTY', 'There is nothing on stdin, expected the secret itself.', {
      fix: 'Pipe the secret in: `pass production/stripe | jv-staging doctor isolation --fingerprint`.',
    });
  }
  return `hmac:${(await sealing()).fingerprint(value)}`;
}
