// Loaded before @upstash/cli by NODE_OPTIONS=--import: the CLI knows no other address than the vendor's, so its requests are led to
// UPSTASH_API_URL here; nothing else of it is changed.
const vendor = 'https://api.upstash.com';
const { fetch: unhooked } = globalThis;
/** Where the requests are led to. */
export const local = process.env['UPSTASH_API_URL'] ?? '';

globalThis.fetch = (address, init) => {
  const isVendor = typeof address === 'string' && address.startsWith(vendor);
  return unhooked(isVendor ? local + address.slice(vendor.length) : address, init);
};
