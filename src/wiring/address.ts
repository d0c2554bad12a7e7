import { StagingError } from '../core/errors.ts';

/** Returns the address that a user named. Throws `URL_INVALID` (exit 2) for what is not http(s), or has credentials in it. */
export function parseAddress(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '') return parsed;
  const seen = parsed?.password ? 'an address with a password in it' : JSON.stringify(url);
  throw new StagingError('usage', 'URL_INVALID', `--url is ${seen}, expected an http or https address without credentials.`, {
    fix: 'Pass `--url https://staging.example.com`.',
  });
}
