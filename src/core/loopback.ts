/** Returns true for a host (name or address, IPv6 in brackets as addresses have it) that leads to this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
