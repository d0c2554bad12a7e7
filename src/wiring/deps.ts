import { clerkInstance } from '../adapters/clerk/clerk-instance.ts';
import { bullmqPauses } from '../adapters/bullmq/bullmq-pauses.ts';
import { plainFingerprint, stateSealing } from '../adapters/files/sealed.ts';
import { postgresCatalog } from '../adapters/postgres/catalog/reader.ts';
import { postgresDatabase } from '../adapters/postgres/postgres-database.ts';
import { postgresRehearsal } from '../adapters/postgres/rehearsal/rehearsal.ts';
import { postgresLeases } from '../adapters/postgres/postgres-leases.ts';
import { redisCache } from '../adapters/redis/redis-cache.ts';
import { actorName } from '../adapters/system/actor.ts';
import { newId, newSecret } from '../adapters/system/ids.ts';
import type { Cache, QueuePauses } from '../core/ports/cache.ts';
import type { Database } from '../core/ports/database.ts';
import type { Leases } from '../core/ports/leases.ts';
import type { PreviewDatabases } from '../core/ports/previews.ts';
import type { Rehearsal } from '../core/ports/rehearsal.ts';
import type { Sealing, SecretFile } from '../core/ports/secret-file.ts';
import type { AppSource } from '../core/ports/source.ts';
import type { SmokeDetails } from '../core/report.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { SmokeCheck } from '../core/smoke/smoke.ts';
import type { LocatingDeps } from '../stages/after-locating.ts';
import type { DriftDeps } from '../stages/drift/drift.ts';
import type { DestroyDeps } from '../stages/destroy.ts';
import type { DeployDeps } from '../stages/deploy/deps.ts';
import type { PlanDeps } from '../stages/plan/plan.ts';
import type { EnvDeps } from '../stages/env.ts';
import type { PreviewDeps } from '../stages/preview/deps.ts';
import type { ProvisionDeps } from '../stages/provision/provision.ts';
import type { IsolationDeps } from '../stages/isolation/isolation.ts';
import type { IsolationPorts } from '../stages/isolation/ports.ts';
import type { Resources } from '../stages/resources.ts';
import type { ResetDeps } from '../stages/migrate/reset.ts';
import type { SchemaDeps } from '../stages/provision/schema.ts';
import type { RollbackDeps } from '../stages/rollback/deps.ts';
import type { SeedDeps } from '../stages/seed/parts.ts';
import { seedStage } from '../stages/seed/seed.ts';
import type { StatusDeps } from '../stages/status.ts';
import type { SourceChoice } from './app.ts';
import type { Context } from './context.ts';
import type { LocalCloud } from './local-cloud.ts';
import { cloudPlatforms, type Platforms } from './platforms.ts';
import { migrationFiles } from './migration-files.ts';
import { releaseParts, sourceOf, unheardRecords } from './release-parts.ts';
import { productionUrlOf } from './production-url.ts';
import { openRestorePoints } from './restore-points.ts';
import type { RunGuard } from './run-guard.ts';
import { seedParts } from './seed-parts.ts';
import { openSecretFile } from './secret-file.ts';
import { knownSecrets } from './known-secrets.ts';
import { stateKeys } from './state-keys.ts';
import { statusReading } from './status-reading.ts';

/** Smokes an address, expecting this commit and this deployment. */
export type SmokeOn = (
  origin: string,
  gitSha: string,
  deploymentId: string,
  /** `checks`: instead of those of the configuration; `settles`: the first red one settles the verdict. */
  options?: { readonly checks?: readonly SmokeCheck[] | undefined; readonly settles?: boolean | undefined },
) => StageRun<SmokeDetails>;

/** What the stages need, put together from the adapters. */
export interface Deps {
  /** Takes these platforms from now on (the local cloud's, once it runs). */
  usePlatforms(platforms: Platforms): void;
  platforms(): Platforms;
  readonly secretFile: SecretFile;
  /** Address of the app on its domain. */
  appOrigin(): string;
  openUrl(): Promise<string>;
  locating(): LocatingDeps;
  plan(): PlanDeps;
  provision(): ProvisionDeps;
  deploy(smoke: SmokeOn, source: SourceChoice): DeployDeps;
  rollback(smoke: SmokeOn): RollbackDeps;
  seed(): SeedDeps;
  status(): StatusDeps;
  drift(): DriftDeps;
  /** What `migrate reset` needs beside the migrations. */
  resetting(): Pick<ResetDeps, 'restorePoints' | 'seed'>;
  env(): EnvDeps;
  isolation(): IsolationDeps;
  sealing(): Promise<Sealing>;
  destroy(): DestroyDeps;
  schema(): SchemaDeps;
  /** Copies of the environment's database to try migrations on. */
  migrationRehearsal(): Rehearsal;
  /** What previews need, but for what the wiring of `preview` adds. */
  preview(): Omit<PreviewDeps, 'branches' | 'newPreviewId' | 'originOf' | 'open'>;
  openDatabase(): Database;
  openLeases(): Leases;
  /** Leases for the time of a restore, which the database cannot keep. */
  openHolds(): Leases;
  /** Who runs this: `user@host`, or the CI job. */
  readonly actor: string;
  /** Returns every secret value that is known by now. */
  secrets(): Iterable<string>;
  /** Closes what was opened to the database and to Redis; the platforms stay open. */
  closeConnections(): Promise<void>;
  close(): Promise<void>;
}

/** Returns what the stages need for one command; connections are opened when first used. */
export function openDeps(
  context: Context,
  resources: Resources,
  { lease, unfinished }: Pick<RunGuard, 'lease' | 'unfinished'>,
  local: Pick<LocalCloud, 'openUrl' | 'productionReady' | 'productionDatabase'>,
): Deps {
  const connected = connections(context, resources);
  const { use, secretFile, appOrigin, openDatabase, openPauses, openCache } = connected;
  const { openUrl, productionReady } = local;
  const productionUrl = productionUrlOf(context, local);
  const actor = actorName(context.process.ciActor);
  const readSecret = context.secrets.read;
  const sealing = openSealing(context);
  const newReleaseId = () => newId('rel', context.clock.nowMs());
  const base = () => baseDeps(context, connected);
  const openDataApi = () => use().dataApi(resources.databaseAccess.get());
  const seed = () => ({ ...base(), ...connected.seeding.ports, openPauses, openCache, openDataApi, lease });
  const ownSeed = () => seedStage(seed(), resources, { profile: context.settings().seed.profile });
  const plan = () => ({ ...base(), managed: use().managed, sealing, readSecret });
  const restorePoints = () => openRestorePoints(context, resources, use());
  const release = () => ({ ...base(), ...releaseParts(context, connected), lease, restorePoints, sealing, newReleaseId, actor });
  return {
    usePlatforms: connected.usePlatforms,
    platforms: use,
    secretFile,
    appOrigin,
    openUrl: () => openUrl(appOrigin()),
    openDatabase,
    openLeases: () => postgresLeases(resources.databaseAccess.get().directUrl),
    openHolds: () => use().holds(() => resources.project.peek()?.id),
    actor,
    locating: base,
    plan,
    provision: () => ({ ...plan(), lease, newSecret, openCache, gatewayMissing: use().gatewayMissing }),
    deploy: (smoke, choice) => ({
      ...release(),
      source: connected.source(choice),
      readSecret,
      smoke,
      seed: ownSeed,
    }),
    resetting: () => ({ restorePoints, seed: ownSeed }),
    rollback: (smoke) => ({ ...release(), unheardRecords: () => unheardRecords(unfinished), smoke }),
    seed,
    destroy: () => ({ ...base(), managed: use().managed, previewDatabases: previewDatabasesOf(context, use()), lease }),
    env: () => ({ ...base(), lease, sealing, readSecret }),
    status: () => ({ ...plan(), ...statusReading(context, use()), openUrl: () => openUrl(appOrigin()), restorePoints }),
    drift: () => ({ ...plan(), productionReady, openCatalog: postgresCatalog, productionDatabaseUrl: productionUrl.find }),
    sealing,
    isolation: () => ({ ...base(), productionReady }),
    schema: base,
    migrationRehearsal: connected.rehearsal,
    preview: () => ({ ...base(), lease, readSecret, ...previewParts(context, connected) }),
    closeConnections: connected.closeConnections,
    secrets: () => knownSecrets(context, resources, productionUrl.known()),
    close: connected.close,
  };
}

/** What was opened in one command. */
interface Opened {
  database: Database | undefined;
  cache: Cache | undefined;
  pauses: QueuePauses | undefined;
  source: AppSource | undefined;
}

/** What is connected to in one command, each at most once. */
type Connections = ReturnType<typeof connections>;

function connections(context: Context, resources: Resources) {
  const platforms = slot<Platforms>('platforms');
  const opened: Opened = { database: undefined, cache: undefined, pauses: undefined, source: undefined };
  const use = () => {
    const isNeeded = platforms.peek() === undefined && context.target === 'cloud';
    if (isNeeded) platforms.set(cloudPlatforms(context.settings(), context.secrets, context.clock));
    return platforms.get();
  };
  const seeding = seedParts(context, resources, use);
  const closeConnections = async () => {
    await Promise.allSettled([opened.database?.close(), seeding.close(), opened.cache?.close(), opened.pauses?.close()]);
  };
  return {
    use,
    usePlatforms: platforms.set,
    secretFile: openSecretFile(context.envFile, context.secrets),
    appOrigin: () => use().origin(context.settings().domain),
    openDatabase: () => (opened.database ??= postgresDatabase(resources.databaseAccess.get().directUrl)),
    openCache: () => (opened.cache ??= redisCache(resources.cacheAccess.get().url)),
    openPauses: () => (opened.pauses ??= bullmqPauses({ url: resources.cacheAccess.get().url, prefix: context.settings().upstash.prefix })),
    source: (choice: SourceChoice) => (opened.source ??= sourceOf(context, choice)),
    seeding,
    // In the cloud as on the local one: a branch of the project, with its rows.
    rehearsal: () => postgresRehearsal(use().branchCopies(() => resources.database.get().ref)),
    closeConnections,
    close: async () => {
      await Promise.allSettled([closeConnections(), opened.source?.close(), platforms.peek()?.close()]);
    },
  };
}

function baseDeps(context: Context, connected: Connections) {
  const { use, secretFile, appOrigin, openDatabase } = connected;
  const settings = context.settings();
  const { projects, databases, caches } = use();
  const isolation = isolationPorts(context, openDatabase);
  const { clock } = context;
  const resourcePorts = { settings, projects, databases, caches, secretFile, appOrigin: appOrigin(), isolation };
  return { ...resourcePorts, clock, openDatabase, ...migrationFiles(settings.supabase), rehearsal: connected.rehearsal };
}

function isolationPorts(context: Context, openDatabase: () => Database): IsolationPorts {
  return {
    readSecret: context.secrets.read,
    sealing: openSealing(context),
    sha256: plainFingerprint,
    openDatabase,
    askClerk: (secretKey, apiUrl, signal) =>
      clerkInstance({ secretKey, apiUrl, local: context.target === 'local', clock: context.clock }, signal),
  };
}

/** The keys are read each time: a rotation changes them under way. */
function openSealing(context: Context): () => Promise<Sealing> {
  return async () => {
    const [key, ...former] = stateKeys(context);
    return stateSealing(key, former);
  };
}

function previewParts(context: Context, { use, openCache }: Connections) {
  const { deployments, previewHosting, managed } = use();
  const previewDatabases = previewDatabasesOf(context, use());
  return { source: sourceOf(context, {}), deployments, previewHosting, previewDatabases, managed, openCache };
}

function previewDatabasesOf(context: Context, platforms: Platforms): PreviewDatabases {
  const { name, supabase } = context.settings();
  const sealing = openSealing(context);
  return platforms.previewDatabases({
    staging: name,
    choice: supabase.previews ?? 'auto',
    passwordFor: async (project) => (await sealing()).secretFor(`database of ${project}`),
  });
}
