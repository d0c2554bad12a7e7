import { randomBytes, randomUUID } from 'node:crypto';
import type { PlanName } from './plans.ts';

/** A Redis database as stored: the file is ours alone (0600), for it holds password and tokens. */
export interface CacheDatabase {
  readonly id: string;
  readonly name: string;
  readonly primaryRegion: string;
  readonly readRegions: readonly string[];
  /** Seconds since 1970. */
  readonly createdAtS: number;
  readonly password: string;
  readonly restToken: string;
  readonly readOnlyToken: string;
  readonly eviction: boolean;
  readonly autoUpgrade: boolean;
  readonly budgetUsd: number;
  readonly plan: PlanName;
  /** Seconds since 1970; 0 when it still has its first plan. */
  readonly planChangedAtS: number;
  readonly prodPack: boolean;
  readonly dailyBackup: boolean;
}

/** What a database is created with. */
export interface NewDatabase {
  readonly name: string;
  readonly primaryRegion: string;
  readonly readRegions?: readonly string[] | undefined;
  readonly eviction?: boolean | undefined;
  readonly budgetUsd?: number | undefined;
  readonly plan?: PlanName | undefined;
}

/** Where a database is reached. */
export interface DatabaseAddresses {
  readonly id: string;
  readonly restUrl: string;
  readonly host: string;
  readonly port: number;
  /** Address for TCP clients with its password: secret. */
  readonly url: string;
}

/** Returns a database with an id and secrets of its own. */
export function newDatabase(wanted: NewDatabase): CacheDatabase {
  return {
    id: randomUUID(),
    name: wanted.name,
    primaryRegion: wanted.primaryRegion,
    readRegions: wanted.readRegions ?? [],
    createdAtS: Math.floor(Date.now() / 1000),
    eviction: wanted.eviction ?? false,
    autoUpgrade: false,
    budgetUsd: wanted.budgetUsd ?? 20,
    plan: wanted.plan ?? 'payg',
    ...unchanged,
    ...freshSecrets(),
  };
}

/** What a database has until it is changed. */
export const unchanged = { planChangedAtS: 0, prodPack: false, dailyBackup: false } as const;

/** Returns a new password and new tokens. */
export function freshSecrets() {
  const secret = (bytes: number) => randomBytes(bytes).toString('base64url');
  return { password: secret(24), restToken: `A${secret(42)}`, readOnlyToken: `A${secret(42)}` };
}
