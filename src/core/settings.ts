import type { DriftWaiver } from './drift/drift.ts';
import type { AnonymiseSettings } from './seed/anonymise/plan.ts';
import type { RestorePointSettings } from './restore/place.ts';
import type { GateSettings } from './gate/settings.ts';
import type { LoadSettings } from './load/load.ts';
import type { NotifySettings } from './notify/settings.ts';
import type { PerfSettings } from './perf/perf.ts';
import type { StatedPrices } from './prices.ts';
import type { ProductionBudgets } from './perf/production-budgets.ts';
import type { TableWaiver } from './release/protection.ts';
import type { SmokeSettings } from './smoke/smoke.ts';

/** Where the tool works: the vendors themselves, or the local cloud on loopback. */
export type TargetName = 'cloud' | 'local';

/**
 * A reference to a value that the tool reads at run time: an environment variable (or a line of `.env.staging`). The value
 * itself never stands in the configuration.
 */
export interface EnvReference {
  readonly kind: 'env';
  readonly name: string;
}

/** Values that the tool knows once the resources exist, for use in the environment contract. */
export const resourceFacts = [
  'app.url',
  'database.poolerUrl',
  'database.directUrl',
  'supabase.url',
  'supabase.anonKey',
  'supabase.serviceRoleKey',
  'redis.url',
  'redis.restUrl',
  'redis.restToken',
] as const;

/** The name of a value that the tool knows once the resources exist. */
export type ResourceFact = (typeof resourceFacts)[number];

/** A reference to a value of a resource that the tool provisions. */
export interface FactReference {
  readonly kind: 'fact';
  readonly fact: ResourceFact;
}

/** One variable of the app's environment: where its value comes from and whether it is a secret. */
export interface VariableSettings {
  readonly value: string | EnvReference | FactReference;
  /** `public` values may be shown and read back; `secret` ones are write-only. */
  readonly class: 'public' | 'secret';
  /** With false a missing `env()` value leaves the variable out; with true (the default) it is an error. */
  readonly required: boolean;
  /** Regular expression that the value must match, beside the rules that hold for every environment (`core/variable-rules.ts`). */
  readonly rule?: string | undefined;
}

/** How the app is built and where its output lies. Paths are absolute after loading. */
export interface AppSettings {
  /** The app's folder; the build command runs there. */
  readonly dir: string;
  /** The build command as words (no shell), or undefined when the output is built by somebody else. */
  readonly build?: readonly string[] | undefined;
  /** The Build Output API v3 folder, absolute. */
  readonly output: string;
}

/**
 * Identities that must never be touched: every mutating call is checked against them, and staging's variables are held against
 * them. What is not named here is unknown to `doctor isolation`, and unknown is not pass.
 */
export interface ProductionSettings {
  readonly domains: readonly string[];
  /** Names or ids. */
  readonly vercelProjects: readonly string[];
  /** Names or refs. */
  readonly supabaseProjects: readonly string[];
  /** Names or ids. */
  readonly upstashDatabases: readonly string[];
  /** What production costs: staging must stay under half of it. */
  readonly costUsdPerMonth?: number | undefined;
  /** What production promises; a budget of staging that is looser is red. */
  readonly budgets?: ProductionBudgets | undefined;
  /** Connection string of production's database, for comparing catalogs: of a role that may only read. */
  readonly database?: EnvReference | undefined;
  /** Hosts of production's database, with a port where that tells them apart; Supabase's are known by the project. */
  readonly databaseHosts?: readonly string[] | undefined;
  /** Hosts of production's Redis, with a port where that tells them apart. */
  readonly redisHosts?: readonly string[] | undefined;
  /** Ids (`ins_…`) or frontend hosts of production's Clerk instance. */
  readonly clerk?: readonly string[] | undefined;
  /** Buckets, stores or hosts of production's file storage. */
  readonly storage?: readonly string[] | undefined;
  /** Hosts of production's mail server. */
  readonly mail?: readonly string[] | undefined;
  /** Hosts or addresses that production's webhooks call or listen on. */
  readonly webhooks?: readonly string[] | undefined;
  /** Fingerprints of production's secrets by their names, as `doctor isolation --fingerprint` prints them. */
  readonly fingerprints?: Readonly<Record<string, string>> | undefined;
}

/** One table of seed rows; see `core/seed/plan.ts` for the row language. */
export interface SeedSettings {
  /** Folder with `<profile>.json`, absolute. */
  readonly dir: string;
  /** The profile used when none is named. */
  readonly profile: string;
  /** What made rows are drawn from, 0 to 65,535: the same value, the same rows. */
  readonly value: number;
  /** True: the environment has no rows of its own, so that a seed of none is what is wanted. */
  readonly mayBeEmpty?: boolean | undefined;
  /** What may be copied from production, and how. */
  readonly anonymise?: AnonymiseSettings | undefined;
}

/** The Vercel project. What is undefined is not managed. */
export interface VercelSettings {
  readonly token: EnvReference;
  readonly team: EnvReference;
  /** Where functions run; undefined is production's region. */
  readonly region?: string | undefined;
  readonly nodeVersion: string;
  readonly framework?: string | null | undefined;
  readonly buildCommand?: string | undefined;
  readonly installCommand?: string | undefined;
  readonly outputDirectory?: string | undefined;
  readonly rootDirectory?: string | undefined;
  /** The repository that the project is linked to; its production branch is `branch`. */
  readonly git?:
    | {
        readonly repository: string;
        readonly provider: 'github' | 'gitlab' | 'bitbucket';
        /** False: a push of `branch` makes no deployment of Vercel's own, for the workflow deploys. */
        readonly deployments: boolean;
      }
    | undefined;
  /** True: deployment protection has a secret by which checks pass it. */
  readonly protectionBypass?: boolean | undefined;
}

/** The Supabase project. What is undefined is not managed. */
export interface SupabaseSettings {
  readonly accessToken: EnvReference;
  readonly organization: EnvReference;
  /** Undefined is production's region. */
  readonly region?: string | undefined;
  /** Folder of the SQL migrations, absolute. */
  readonly migrations: string;
  /** Folder of their reverse scripts (same file names), absolute. */
  readonly rollbacks: string;
  /** Compute size. */
  readonly size?: string | undefined;
  /** Major version of Postgres; it cannot be changed in place. */
  readonly postgresVersion?: string | undefined;
  readonly sslEnforced?: boolean | undefined;
  /** Address ranges (IPv4) that may connect to the database. */
  readonly allowedCidrs?: readonly string[] | undefined;
  readonly auth?: { readonly siteUrl?: string | undefined; readonly redirectUrls?: readonly string[] | undefined } | undefined;
  readonly pooler?: { readonly size?: number | undefined; readonly mode?: 'transaction' | 'session' | undefined } | undefined;
  /** What previews get a database from; undefined is `auto`: a branch, or a project of their own where the plan has no branches. */
  readonly previews?: PreviewDatabaseChoice | undefined;
  /** Tables that may be without row-level security, or without a policy. */
  readonly tableWaivers?: readonly TableWaiver[] | undefined;
}

/** What a preview's database may be made as. */
export const previewDatabaseChoices = ['auto', 'branch', 'project'] as const;

/** What a preview's database is made as. */
export type PreviewDatabaseChoice = (typeof previewDatabaseChoices)[number];

/** The Upstash database. What is undefined is not managed. */
export interface UpstashSettings {
  readonly email: EnvReference;
  readonly apiKey: EnvReference;
  /** Undefined is production's region. */
  readonly region?: string | undefined;
  /** Key prefix that everything of this environment lives under, with its final separator. */
  readonly prefix: string;
  /** Of a preview: the prefix of the environment that it is a preview of, whose database it shares. */
  readonly previewOf?: string | undefined;
  readonly queues: readonly string[];
  readonly plan?: string | undefined;
  /** Spending limit of a month; 0 is none. */
  readonly budgetUsd?: number | undefined;
}

/** The whole configuration after loading: paths absolute, defaults filled in, secrets still references. */
export interface StagingSettings {
  /** Name of the environment and of the Vercel project, Supabase project and Upstash database that belong to it. */
  readonly name: string;
  /** Value of `environment` in the health contract. */
  readonly environment: string;
  readonly target: TargetName;
  readonly domain: string;
  /** Branch whose pushes are this environment's deployments. */
  readonly branch: string;
  /** True: regions that lie far from one another are meant so. */
  readonly allowDistantRegions?: boolean | undefined;
  readonly app: AppSettings;
  readonly vercel: VercelSettings;
  readonly supabase: SupabaseSettings;
  readonly upstash: UpstashSettings;
  readonly production: ProductionSettings;
  /** What of drift is meant. */
  readonly drift: { readonly waivers: readonly DriftWaiver[] };
  /** The app's environment, by variable name. */
  readonly env: Readonly<Record<string, VariableSettings>>;
  readonly seed: SeedSettings;
  readonly restorePoints: RestorePointSettings;
  readonly smoke: SmokeSettings;
  readonly perf: PerfSettings;
  readonly load: LoadSettings;
  readonly gate: GateSettings;
  /** What vendors really charge, where no published price says it. */
  readonly costs?: StatedPrices | undefined;
  /** Who is told; undefined: nobody. */
  readonly notify?: NotifySettings | undefined;
}
