import type { ClerkInstance, KnownService } from '../../core/isolation/facts.ts';
import type { Database } from '../../core/ports/database.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { EnvReference } from '../../core/settings.ts';

/** What proving isolation asks, beside the platforms. */
export interface IsolationPorts {
  readonly readSecret: (reference: EnvReference) => string | undefined;
  readonly sealing: () => Promise<Sealing>;
  readonly sha256: (text: string) => string;
  readonly openDatabase: () => Database;
  /** Returns the Clerk instance that a secret key opens; null when Clerk did not tell or cannot be asked from here. */
  readonly askClerk: (secretKey: string, apiUrl: string | undefined, signal: AbortSignal) => Promise<ClerkInstance | null>;
}

/** What is known of production by asking the platforms for what the configuration names. */
export interface KnownProduction {
  readonly databases: readonly KnownService[];
  readonly caches: readonly KnownService[];
}
