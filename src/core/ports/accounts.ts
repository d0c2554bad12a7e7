import type { DnsRecord } from './managed.ts';

/** Who the tool is at a vendor, as the vendor says it. */
export interface AccountFacts {
  /** Of the person or the account: an address or a name. */
  readonly account: string;
  /** Team or organisation that the environment belongs to; null where the vendor knows none. */
  readonly team: string | null;
  /** What may be done there: a role, what a token is for, how long it holds; null where the vendor does not tell. */
  readonly rights: string | null;
  /** The vendor's own word for the plan (`pro`); null where it does not tell. */
  readonly plan: string | null;
  /** The answer that the clock is read from. */
  readonly answer: ClockedAnswer;
}

/** An answer with the times around it; all in ms since 1970 UTC. */
export interface ClockedAnswer {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** By the vendor's clock (header `Date`, whole seconds); null when it sent none. */
  readonly vendorAtMs: number | null;
}

/** One vendor's account. `read` throws `CREDENTIAL_…`, and `…_FORBIDDEN`, `…_UNREACHABLE` and the like as every call to it. */
export interface VendorAccount {
  readonly id: 'vercel' | 'supabase' | 'upstash';
  readonly title: string;
  read(signal: AbortSignal): Promise<AccountFacts>;
}

/** What the hosting platform sees of a domain's DNS: as it should be, the record that is missing, or nothing that it tells us. */
export type DomainDns = 'configured' | DnsRecord | 'not told';

/** The vendors as `doctor` asks them. */
export interface Accounts {
  readonly vendors: readonly VendorAccount[];
  dns(domain: string, signal: AbortSignal): Promise<DomainDns>;
}
