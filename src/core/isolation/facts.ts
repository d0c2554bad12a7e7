import { type ServiceAddress, serviceAddress } from '../service-address.ts';
import type { ProductionSettings } from '../settings.ts';

/** One variable of the staging app as isolation is judged by it. */
export interface StagingVariable {
  readonly name: string;
  readonly class: 'public' | 'secret';
  /** Undefined when it cannot be known: nobody may read it back, or the resource that it comes from is not there yet. */
  readonly value: string | undefined;
  /**
   * Where it comes from: the configuration's own text, a resource that this environment owns, a secret that `provision` generates,
   * the environment or its file, or somebody else who set it on the platform.
   */
  readonly origin: 'literal' | 'resource' | 'generated' | 'outside' | 'foreign';
}

/** A service that is known to be production's. */
export interface KnownService {
  /** As the configuration names it. */
  readonly name: string;
  /** The platform's id of it. */
  readonly id: string;
  readonly addresses: readonly ServiceAddress[];
}

/** What staging's own database says of itself. */
export interface DatabaseIdentity {
  /** Environments that have marked it as theirs or released into it. */
  readonly environments: readonly string[];
  /** Addresses that its triggers call when rows change (Supabase's database webhooks). */
  readonly webhooks: readonly string[];
}

/** A Clerk instance as Clerk's own API describes it. */
export interface ClerkInstance {
  readonly id: string;
  /** True for an instance with real users. */
  readonly live: boolean;
}

/** Everything that isolation is judged by. */
export interface IsolationFacts {
  readonly environment: string;
  readonly domain: string;
  readonly variables: readonly StagingVariable[];
  readonly production: ProductionSettings;
  /** Production's databases and Redis databases as far as they are known. */
  readonly productionDatabases: readonly KnownService[];
  readonly productionCaches: readonly KnownService[];
  /** Staging's own; undefined before they exist. */
  readonly database: KnownService | undefined;
  readonly cache: KnownService | undefined;
  /** Undefined when the database could not be asked. */
  readonly databaseSays: DatabaseIdentity | undefined;
  /** The Clerk instance behind a secret key, by the variable's name; null when Clerk did not tell. */
  readonly clerk: Readonly<Record<string, ClerkInstance | null>>;
  /** Variables whose value has the fingerprint of a secret of production; undefined when nothing could be compared. */
  readonly productionSecrets: readonly { readonly variable: string; readonly secret: string }[] | undefined;
}

/** How a point stands. Unknown is not pass. */
export type IsolationVerdict = 'pass' | 'fail' | 'unknown';

/** One observation that a point's verdict rests on. */
export interface Sign {
  readonly verdict: IsolationVerdict;
  /** What was seen; never a secret. */
  readonly seen: string;
  readonly fix?: string | undefined;
}

/** One of the things that staging and production must not share. */
export interface IsolationPoint {
  readonly id: string;
  readonly title: string;
  readonly verdict: IsolationVerdict;
  /** What the verdict rests on; never a secret. */
  readonly evidence: string;
  readonly expected: string;
  /** How to mend it; null when it passes. */
  readonly fix: string | null;
}

/** Returns a point from its signs: one failure fails it, one unknown leaves it unknown, and without any sign it is unknown. */
export function pointOf(id: string, title: string, expected: string, signs: readonly Sign[]): IsolationPoint {
  const verdict = worstOf(signs);
  const decisive = signs.filter((sign) => sign.verdict === verdict);
  const evidence = decisive.map((sign) => sign.seen).join('; ');
  const fix = verdict === 'pass' ? null : (decisive.find((sign) => sign.fix !== undefined)?.fix ?? null);
  return { id, title, verdict, evidence: evidence === '' ? 'nothing was looked at' : evidence, expected, fix };
}

function worstOf(signs: readonly Sign[]): IsolationVerdict {
  if (signs.some((sign) => sign.verdict === 'fail')) return 'fail';
  return signs.length === 0 || signs.some((sign) => sign.verdict === 'unknown') ? 'unknown' : 'pass';
}

/** Returns where a variable leads: the address that its value is, or the bare host name that a variable named `…_HOST` holds. */
export function addressOf({ name, value }: StagingVariable): ServiceAddress | undefined {
  if (value === undefined) return undefined;
  const address = serviceAddress(value);
  if (address !== undefined || !/(?:HOST|HOSTNAME|SERVER|ENDPOINT)$/.test(name)) return address;
  return /^[a-z0-9.-]+(?::\d+)?$/i.test(value) ? serviceAddress(`host://${value}`) : undefined;
}

/** Returns the sign that a variable cannot be judged because somebody else set it on the platform. */
export function foreignSign({ name }: StagingVariable): Sign {
  return {
    verdict: 'unknown',
    seen: `${name} was set on Vercel by somebody else, and its value cannot be read back`,
    fix: `Add ${name} to \`env\` in the configuration, or remove it on Vercel.`,
  };
}
