import { StagingError } from '../../core/errors.ts';
import { isLoopback } from '../../core/loopback.ts';
import { printable } from '../../core/printable.ts';
import type { Vendor } from './api-error.ts';

/** Where credentials may go. */
export interface PinnedBase {
  readonly vendor: Vendor;
  /** Origin, with a base path if the API has one. */
  readonly baseUrl: string;
  /** Hosts that the credentials may go to (`api.vercel.com`, `*.supabase.co`), or `loopback` for the local cloud. */
  readonly hosts: readonly string[] | 'loopback';
}

/**
 * Returns the address that a client sends to. Throws `…_HOST_REFUSED` (kind `refused`) unless it is https on one of the vendor's hosts,
 * or, for the local cloud, on loopback: a vendor's token never goes to loopback, nor one of the local cloud's anywhere else.
 */
export function pinnedBase(options: PinnedBase): URL {
  const base = new URL(options.baseUrl);
  const allowed =
    options.hosts === 'loopback'
      ? isLoopback(base.hostname)
      : base.protocol === 'https:' &&
        base.username === '' &&
        options.hosts.some((host) => matchesHost(host, base.hostname)) &&
        base.port === '';
  if (allowed && (base.protocol === 'https:' || base.protocol === 'http:')) return base;
  const expected = options.hosts === 'loopback' ? 'an address on loopback' : `https on ${options.hosts.join(' or ')}`;
  throw new StagingError(
    'refused',
    `${options.vendor.code}_HOST_REFUSED`,
    `The credentials for ${options.vendor.name} do not go to ${printable(base.origin)}; they go to ${expected}.`,
    {
      fix: 'Remove the address from the configuration: the hosts are fixed.',
    },
  );
}

function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
