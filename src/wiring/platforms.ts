import { sentryAlertRules, sentryEvents } from '../adapters/sentry/sentry-events.ts';
import { supabaseDataApi } from '../adapters/supabase/supabase-data-api.ts';
import { hostedAddresses, hostedKnownAddresses, localAddresses, localKnownAddresses } from '../adapters/supabase/supabase-addresses.ts';
import { gatewayApi, managementApi } from '../adapters/supabase/supabase-api.ts';
import { supabaseDatabasePlatform } from '../adapters/supabase/supabase-database-platform.ts';
import { type PreviewDatabaseOptions, supabasePreviewDatabases } from '../adapters/supabase/supabase-preview-databases.ts';
import { supabaseBranchCopies } from '../adapters/supabase/supabase-branch-copies.ts';
import { supabaseRestorePoints } from '../adapters/supabase/supabase-restore-points.ts';
import { supabaseLogs } from '../adapters/supabase/supabase-logs.ts';
import { supabaseManagedProject } from '../adapters/supabase/supabase-managed-project.ts';
import { gatewayMissing } from '../adapters/supabase/supabase-gateway.ts';
import { upstashApi } from '../adapters/upstash/upstash-api.ts';
import { hostedCacheAddresses, localCacheAddresses, upstashCachePlatform } from '../adapters/upstash/upstash-cache-platform.ts';
import { upstashManagedDatabase } from '../adapters/upstash/upstash-managed-database.ts';
import { vercelApi } from '../adapters/vercel/vercel-api.ts';
import { vercelDeployments } from '../adapters/vercel/vercel-deployments.ts';
import { vercelDomainMoves } from '../adapters/vercel/vercel-domain-moves.ts';
import { vercelRuntimeLogs } from '../adapters/vercel/vercel-runtime-logs.ts';
import { vercelHolds } from '../adapters/vercel/vercel-holds.ts';
import { vercelLogEvents } from '../adapters/vercel/vercel-log-events.ts';
import { vercelManagedProject } from '../adapters/vercel/vercel-managed-project.ts';
import { vercelPreviewHosting } from '../adapters/vercel/vercel-preview-hosting.ts';
import { vercelHostingProjects } from '../adapters/vercel/vercel-hosting-projects.ts';
import type { Secrets } from '../config/secrets.ts';
import { type Credential, credentialProblems } from '../core/variables/credentials.ts';
import { StagingError } from '../core/errors.ts';
import type { ClerkEndpoint, LocalEndpoints } from '../core/local/endpoints.ts';
import type { CachePlatform } from '../core/ports/cache.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { DataApi, DatabaseAccess, DatabasePlatform } from '../core/ports/database.ts';
import type { AlertRules, ErrorEvents, RuntimeLogs } from '../core/ports/probes.ts';
import type { ManagedPlatforms } from '../core/ports/managed.ts';
import type { Deployments, DomainMoves, HostingProjects } from '../core/ports/hosting.ts';
import type { Leases } from '../core/ports/leases.ts';
import type { AppLogs, DatabaseLogs } from '../core/ports/logs.ts';
import type { PreviewDatabases, PreviewHosting } from '../core/ports/previews.ts';
import type { ScratchDatabases } from '../core/ports/rehearsal.ts';
import type { RestorePoints } from '../core/ports/restore-points.ts';
import type { EnvReference, StagingSettings } from '../core/settings.ts';

/** The three vendors, or the local cloud in their place: the same adapters, other addresses and credentials. */
export interface Platforms {
  readonly projects: HostingProjects;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  readonly databases: DatabasePlatform;
  readonly caches: CachePlatform;
  readonly managed: ManagedPlatforms;
  readonly previewHosting: PreviewHosting;
  /** Leases for the time of a restore, kept on the Vercel project. */
  holds(projectId: () => string | undefined): Leases;
  previewDatabases(options: PreviewDatabaseOptions): PreviewDatabases;
  /** The platform's own restore points of the project that `ref` names. */
  restorePoints(ref: () => string): RestorePoints;
  /** Copies, with their rows, of the project that `ref` names. */
  branchCopies(ref: () => string): ScratchDatabases;
  dataApi(access: DatabaseAccess): DataApi;
  gatewayMissing(access: DatabaseAccess, signal: AbortSignal): Promise<string | undefined>;
  readonly appLogs: AppLogs;
  readonly databaseLogs: DatabaseLogs;
  /** Reads the runtime logs of a project's deployments. */
  runtimeLogs(project: () => string): RuntimeLogs;
  readonly errorEvents: ErrorEvents;
  readonly alertRules: AlertRules;
  /** Where the local cloud's Clerk answers and its key; undefined on the vendors, whose key the configuration names. */
  readonly localClerk: ClerkEndpoint | undefined;
  /** Returns the origin that a host name of ours answers at. */
  origin(hostname: string): string;
  /** Returns where the host name of an origin leads, when it is not DNS that decides. */
  resolve(origin: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

interface Credentials {
  readonly vercel: { readonly token: string; readonly team: string; readonly localUrl?: string };
  readonly supabase: { readonly accessToken: string; readonly organization: string; readonly localUrl?: string };
  readonly upstash: { readonly email: string; readonly apiKey: string; readonly localUrl?: string };
}

/** Returns the vendors' platforms. Throws `CREDENTIAL_MISSING` (exit 3) and `CREDENTIAL_MALFORMED` (exit 2), naming every one. */
export function cloudPlatforms(settings: StagingSettings, secrets: Secrets, clock: Clock): Platforms {
  const references = {
    token: settings.vercel.token,
    team: settings.vercel.team,
    accessToken: settings.supabase.accessToken,
    organization: settings.supabase.organization,
    email: settings.upstash.email,
    apiKey: settings.upstash.apiKey,
  };
  const missing = Object.values(references).filter((reference) => secrets.read(reference) === undefined && !secrets.isEmpty(reference));
  if (missing.length > 0) throw credentialMissing(missing);
  refuseMalformed(references, secrets);
  const read = (reference: EnvReference) => secrets.read(reference) ?? '';
  return platforms(
    {
      vercel: { token: read(references.token), team: read(references.team) },
      supabase: { accessToken: read(references.accessToken), organization: read(references.organization) },
      upstash: { email: read(references.email), apiKey: read(references.apiKey) },
    },
    undefined,
    clock,
  );
}

/** Returns the local cloud's platforms; it issued its own credentials, and no vendor's are read. */
export function localPlatforms(endpoints: LocalEndpoints, clock: Clock): Platforms {
  const { vercel, supabase, upstash } = endpoints;
  return platforms(
    {
      vercel: { token: vercel.token, team: vercel.teamId, localUrl: vercel.apiUrl },
      supabase: { accessToken: supabase.accessToken, organization: supabase.organization, localUrl: supabase.apiUrl },
      upstash: { email: upstash.email, apiKey: upstash.apiKey, localUrl: upstash.apiUrl },
    },
    endpoints,
    clock,
  );
}

function platforms(credentials: Credentials, local: LocalEndpoints | undefined, clock: Clock): Platforms {
  const vercel = vercelApi({ ...credentials.vercel, clock });
  const management = managementApi({ ...credentials.supabase, clock });
  const upstash = upstashApi({ ...credentials.upstash, clock });
  const isLocal = local !== undefined;
  const sentry = { localUrl: isLocal ? (local.beside?.sentry.url ?? 'http://127.0.0.1:1') : undefined, clock };
  const gateways = new Map<string, ReturnType<typeof gatewayApi>>();
  const gateway = (url: string, key: string) => {
    const known = gateways.get(`${url} ${key}`) ?? gatewayApi({ url, key, local: isLocal, clock });
    gateways.set(`${url} ${key}`, known);
    return known;
  };
  const origin = (hostname: string) => (local === undefined ? `https://${hostname}` : `http://${hostname}:${local.gateway.port}`);
  const databases = supabaseDatabasePlatform(management, {
    organization: credentials.supabase.organization,
    addresses: isLocal ? localAddresses : hostedAddresses,
    knownAddresses: isLocal ? localKnownAddresses : hostedKnownAddresses,
    clock,
  });
  return {
    projects: vercelHostingProjects(vercel),
    deployments: vercelDeployments(vercel, origin),
    moves: vercelDomainMoves(vercel, clock),
    databases,
    caches: upstashCachePlatform(upstash, { addresses: isLocal ? localCacheAddresses : hostedCacheAddresses, clock }),
    managed: {
      hosting: vercelManagedProject(vercel),
      databases: supabaseManagedProject(management),
      caches: upstashManagedDatabase(upstash),
    },
    previewHosting: vercelPreviewHosting(vercel),
    holds: (projectId) => vercelHolds(vercel, clock, projectId),
    previewDatabases: (options) => supabasePreviewDatabases(management, databases, options),
    restorePoints: (ref) => supabaseRestorePoints(management, { ref, clock }),
    branchCopies: (ref) => supabaseBranchCopies(management, { ref, clock }),
    dataApi: (access) => supabaseDataApi(gateway(access.url, access.serviceRoleKey), gateway(access.url, access.anonKey)),
    gatewayMissing: (access, signal) => gatewayMissing(gateway(access.url, access.serviceRoleKey), signal),
    appLogs: vercelLogEvents(vercel),
    databaseLogs: supabaseLogs(management),
    runtimeLogs: (project) => vercelRuntimeLogs({ ...credentials.vercel, clock }, project),
    errorEvents: sentryEvents(sentry),
    alertRules: sentryAlertRules(sentry),
    localClerk: local?.beside?.clerk,
    origin,
    resolve: (address) => (local === undefined ? {} : { [new URL(address).hostname]: local.gateway.host }),
    close: async () => {
      await Promise.all([vercel.close(), management.close(), upstash.close(), ...[...gateways.values()].map((each) => each.close())]);
    },
  };
}

/** The name of a vendor's credential in our own words. */
export type CredentialName = 'token' | 'team' | 'accessToken' | 'organization' | 'email' | 'apiKey';

/** Before any call: what can be seen here is no vendor's to tell. Throws `CREDENTIAL_MALFORMED` (exit 2), naming every one. */
export function refuseMalformed(references: Readonly<Partial<Record<CredentialName, EnvReference>>>, secrets: Secrets): void {
  const of = (key: CredentialName, vendor: Credential['vendor'], kind: Credential['kind']): readonly Credential[] => {
    const reference = references[key];
    return reference === undefined ? [] : [{ name: reference.name, vendor, kind, value: secrets.read(reference) ?? '' }];
  };
  const problems = credentialProblems([
    ...of('token', 'Vercel', 'token'),
    ...of('team', 'Vercel', 'team'),
    ...of('accessToken', 'Supabase', 'token'),
    ...of('organization', 'Supabase', 'organization'),
    ...of('email', 'Upstash', 'email'),
    ...of('apiKey', 'Upstash', 'key'),
  ]);
  if (problems.length === 0) return;
  throw new StagingError('usage', 'CREDENTIAL_MALFORMED', `Nothing was sent: ${problems.join('; ')}.`, {
    fix: 'Set each to the value alone, as its vendor shows it: no quotes, no white space, each vendor its own.',
  });
}

/** Returns the error for credentials that are not set. */
export function credentialMissing(missing: readonly EnvReference[]): StagingError {
  const names = missing.map((reference) => reference.name).join(', ');
  return new StagingError('missing', 'CREDENTIAL_MISSING', `There is no value for ${names}, expected one each to work on the vendors.`, {
    fix: `Set ${names} in the environment or in .env.staging, or try everything without an account: \`--target local\`.`,
  });
}
