/** Returns the host and port that an address names, for a client that wants them apart: a numeric IPv6 host without its brackets. */
export function hostAndPort(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 5432 : Number(port) };
}

/**
 * Returns what `postgres` must be told beside the address of a numeric IPv6 host: postgres 3.4.9 cuts an address's host at its colons
 * (`parseOptions` in its index.js), while lists are taken as they are; its types know of one host alone. Nothing for other hosts.
 */
export function ipv6Host(url: string): object {
  const { host, port } = hostAndPort(url);
  return host.includes(':') ? { host: [host], port: [port] } : {};
}
