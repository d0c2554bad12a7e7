import { lookup as lookupByDns } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** Returns a lookup that knows the given host names and asks the system for all others. */
export function lookupWith(resolve: Readonly<Record<string, string>>): LookupFunction {
  const known = new Map(Object.entries(resolve).map(([host, address]) => [host.toLowerCase(), address]));
  return (hostname, options, callback) => {
    const address = known.get(hostname.toLowerCase());
    if (address === undefined) {
      lookupByDns(hostname, options, callback);
      return;
    }
    const family = address.includes(':') ? 6 : 4;
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
