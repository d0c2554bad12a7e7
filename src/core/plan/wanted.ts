import type { StagingSettings } from '../settings.ts';
import type { Fields, FieldValue } from './model.ts';

/** What is wanted of a resource. */
export interface WantedResource {
  /** What a new one is made with: everything that is managed, and the defaults. */
  readonly created: Fields;
  /** What an existing one must have: what the configuration says. */
  readonly managed: Fields;
  /** Settings that its vendor cannot change in place. */
  readonly lasting: readonly string[];
}

/** What is wanted of each vendor. */
export interface WantedResources {
  readonly 'vercel-project': WantedResource;
  readonly 'supabase-project': WantedResource;
  readonly 'upstash-database': WantedResource;
}

/** What the defaults depend on. */
export interface WantedContext {
  /** Address of the app on its domain. */
  readonly appOrigin: string;
  /** Production's settings, as far as they are seen: staging's regions and its version of Postgres are production's unless set. */
  readonly production: { readonly hostingRegion: string | undefined; readonly databases: Fields; readonly caches: Fields };
}

/** Where things are made when neither the configuration nor production says where. */
const defaultRegions = { hosting: 'iad1', databases: 'us-east-1', caches: 'us-east-1' } as const;

/** Returns what the configuration wants of each vendor. */
export function wantedResources(settings: StagingSettings, context: WantedContext): WantedResources {
  return {
    'vercel-project': wantedHosting(settings, context),
    'supabase-project': wantedDatabase(settings, context),
    'upstash-database': wantedCache(settings, context),
  };
}

function wantedHosting({ vercel, branch }: StagingSettings, { production }: WantedContext): WantedResource {
  const { git } = vercel;
  const managed = set({
    region: vercel.region,
    nodeVersion: vercel.nodeVersion,
    autoAssignDomains: true,
    framework: vercel.framework,
    buildCommand: vercel.buildCommand,
    installCommand: vercel.installCommand,
    outputDirectory: vercel.outputDirectory,
    rootDirectory: vercel.rootDirectory,
    gitRepository: git === undefined ? undefined : `${git.provider}:${git.repository}`,
    productionBranch: git === undefined ? undefined : branch,
    ignoredBuildStep: git === undefined ? undefined : git.deployments ? null : ignoreBranch(branch),
    protectionBypass: vercel.protectionBypass,
  });
  return { managed, created: { region: production.hostingRegion ?? defaultRegions.hosting, ...managed }, lasting: [] };
}

/**
 * Vercel leaves a build out when this command ends with 0 (https://vercel.com/docs/project-configuration/project-settings, "Ignored Build
 * Step"): the branch that the workflow deploys is left out, previews of others go on.
 */
function ignoreBranch(branch: string): string {
  return `[ "$VERCEL_GIT_COMMIT_REF" = "${branch}" ]`;
}

function wantedDatabase({ supabase }: StagingSettings, { appOrigin, production }: WantedContext): WantedResource {
  const { auth, pooler } = supabase;
  const managed = set({
    region: supabase.region,
    size: supabase.size,
    postgresVersion: supabase.postgresVersion,
    paused: false,
    sslEnforced: supabase.sslEnforced,
    allowedCidrs: supabase.allowedCidrs,
    siteUrl: auth === undefined ? undefined : (auth.siteUrl ?? appOrigin),
    redirectUrls: auth === undefined ? undefined : (auth.redirectUrls ?? [`${appOrigin}/**`]),
    poolSize: pooler?.size,
    poolMode: pooler?.mode,
  });
  const { region = defaultRegions.databases, postgresVersion } = production.databases;
  const version = set({ postgresVersion: postgresVersion ?? undefined });
  return { managed, created: { region, ...version, ...managed }, lasting: ['region', 'postgresVersion'] };
}

function wantedCache({ upstash, target }: StagingSettings, { production }: WantedContext): WantedResource {
  const managed = set({
    region: upstash.region,
    // BullMQ loses jobs when keys may be evicted (docs.bullmq.io, "Important notes": maxmemory-policy noeviction).
    eviction: false,
    // The local cloud's databases listen on loopback alone, without TLS.
    tls: target === 'cloud' ? true : undefined,
    plan: upstash.plan,
    budgetUsd: upstash.budgetUsd,
  });
  const { region = defaultRegions.caches } = production.caches;
  return { managed, created: { region, ...managed }, lasting: ['region'] };
}

function set(fields: Readonly<Record<string, FieldValue | undefined>>): Fields {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
