import type { LockHolder } from '../run/lock.ts';

/** A lease as it stands. */
export interface FoundLease {
  readonly holder: LockHolder;
  /** Time until it runs out by the keeper's own clock, in milliseconds; 0 or less when it has. */
  readonly leftMs: number;
}

/** Leases of environments, kept where every machine that works on one sees them. Throws `DATABASE_…` errors (kind `vendor`). */
export interface Leases {
  /** Returns the lease of an environment, or undefined when none was ever taken or it was given back. */
  read(environment: string, signal: AbortSignal): Promise<FoundLease | undefined>;
  /** Takes the lease when it is free, has run out, is ours already, or is the one named by `over`; returns whether it is ours now. */
  take(environment: string, lease: NewLease, signal: AbortSignal): Promise<boolean>;
  /** Makes our lease last longer; returns false when it is no longer ours. */
  renew(environment: string, id: string, lastsMs: number, signal: AbortSignal): Promise<boolean>;
  /** Gives the lease of this id back; returns false when it is another's by now, or none. */
  release(environment: string, id: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** A lease about to be taken. */
export interface NewLease {
  readonly holder: LockHolder;
  readonly lastsMs: number;
  /** Id of a lease that may be taken over although it has not run out: its holder is provably gone. */
  readonly over?: string | undefined;
}
