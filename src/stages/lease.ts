import type { RunLease } from '../core/run/lease.ts';
import type { Step } from '../core/run/step.ts';

/** What taking the lease needs. */
export interface LeaseDeps {
  readonly lease: RunLease;
}

/**
 * Returns the step that takes the environment's lease: a lock that other machines see, too. It comes as soon as the database can be
 * reached, and before anything that a second run could spoil.
 */
export function leaseStep({ lease }: LeaseDeps): Step {
  return {
    id: 'lease',
    title: 'Take the lease of the environment',
    skip: () => lease.skipReason(),
    probe: async () => (lease.isHeld() ? 'held already' : undefined),
    run: async (io) => lease.take(io.signal),
  };
}
