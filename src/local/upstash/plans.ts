/** The plans of a Redis database, as the Developer API names them. */
export const planNames = [
  'free',
  'payg',
  'fixed_250mb',
  'fixed_1gb',
  'fixed_5gb',
  'fixed_10gb',
  'fixed_50gb',
  'fixed_100gb',
  'fixed_500gb',
] as const;

/** A plan of a Redis database. */
export type PlanName = (typeof planNames)[number];

/** What a plan allows. */
export interface PlanLimits {
  readonly memoryBytes: number;
  readonly maxClients: number;
  readonly maxCommandsPerSecond: number;
  /** The largest request that is taken, in bytes. */
  readonly maxRequestBytes: number;
}

const mib = 1024 * 1024;

/** No database may take more of this machine than this, whatever its plan would allow at the vendor. */
const ceilingBytes = 1024 * mib;

/** Sizes of upstash.com/pricing/redis and upstash.com/docs/redis/overall/pricing (read 2026-11-22), in MiB; pay as you go: 100 GB. */
const sizesMib: Readonly<Record<PlanName, number>> = {
  free: 256,
  payg: 100 * 1024,
  fixed_250mb: 250,
  fixed_1gb: 1024,
  fixed_5gb: 5 * 1024,
  fixed_10gb: 10 * 1024,
  fixed_50gb: 50 * 1024,
  fixed_100gb: 100 * 1024,
  fixed_500gb: 500 * 1024,
};

/** Returns what a plan allows here: the vendor's size, but at most 1 GiB, so that a runaway test does not fill the machine. */
export function limitsOf(plan: PlanName): PlanLimits {
  return {
    memoryBytes: Math.min(sizesMib[plan] * mib, ceilingBytes),
    maxClients: 10_000,
    maxCommandsPerSecond: 10_000,
    maxRequestBytes: 10 * mib,
  };
}

/** Returns the kind of plan that a database's answer names. */
export function planType(plan: PlanName): 'free' | 'payg' | 'paid' {
  return plan === 'free' || plan === 'payg' ? plan : 'paid';
}
