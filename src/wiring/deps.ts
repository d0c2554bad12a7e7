import { clerkInstance } from '../adapters/clerk/clerk-instance.ts';
import { appSource } from '../adapters/source/app-source.ts';
import { readMigrationFolder } from '../adapters/files/migration-folder.ts';
import { readSeedFile } from '../adapters/files/seed-file.ts';
import { plainFingerprint, stateSealing } from '../adapters/files/sealed.ts';
import { postgresDatabase } from '../adapters/postgres/postgres-database.ts';
import { postgresLeases } from '../adapters/postgres/postgres-leases.ts';
import { redisCache } from '../adapters/redis/redis-cache.ts';
import { actorName } from '../adapters/system/actor.ts';
import { newId, newSecret } from '../adapters/system/ids.ts';
import { childEnvironment } from '../config/environment.ts';
import { StagingError } from '../core/errors.ts';
import type { Cache } from '../core/ports/cache.ts';
import type { Database } from '../core/ports/database.ts';
import type { Leases } from '../core/ports/leases.ts';
import type { Sealing, SecretFile } from '../core/ports/secret-file.ts';
import type { AppSource } from '../core/ports/source.ts';
import type { SmokeDetails } from '../core/report.ts';
import type { RunLease } from '../core/run/lease.ts';
import { slot } from '../core/run/slot.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { LocatingDeps } from '../stages/after-locating.ts';
import type { DestroyDeps } from '../stages/destroy.ts';
import type { DeployDeps } from '../stages/deploy/deploy.ts';
import type { PlanDeps } from '../stages/plan/plan.ts';
import type { EnvDeps } from '../stages/env.ts';
import type { PreviewDeps } from '../stages/preview/deps.ts';
import type { ProvisionDeps } from '../stages/provision/provision.ts';
import type { IsolationDeps } from '../stages/isolation/isolation.ts';
import type { IsolationPorts } from '../stages/isolation/ports.ts';
import type { Resources } from '../stages/resources.ts';
import type { SchemaDeps } from '../stages/provision/schema.ts';
import type { RestoreDeps } from '../stages/restore/restore.ts';
import type { RollbackDeps } from '../stages/rollback.ts';
import { seedStage, type SeedDeps } from '../stages/seed.ts';
import type { StatusDeps } from '../stages/status.ts';
import type { Context } from './context.ts';
import type { LocalCloud } from './local-cloud.ts';
import { cloudPlatforms, type Platforms } from './platforms.ts';
import { openKeptRecords, openRestorePoints } from './restore-points.ts';
import { openSecretFile } from './secret-file.ts';

/** Smokes an address, expecting this commit and this deployment. */
export type SmokeOn = (origin: string, gitSha: string, deploymentId: string) => StageRun<SmokeDetails>;

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
  deploy(smoke: SmokeOn): DeployDeps;
  rollback(smoke: SmokeOn): RollbackDeps;
  seed(): SeedDeps;
  status(): StatusDeps;
  /** What taking restore points and going back to one needs. */
  restore(): RestoreDeps;
  env(): EnvDeps;
  isolation(): IsolationDeps;
  sealing(): Promise<Sealing>;
  destroy(): DestroyDeps;
  schema(): SchemaDeps;
  /** What previews need, but for what the wiring of `preview` adds. */
  preview(): Omit<PreviewDeps, 'branches' | 'newPreviewId' | 'originOf' | 'open'>;
  openDatabase(): Database;
  openLeases(): Leases;
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
  lease: RunLease,
  local: Pick<LocalCloud, 'openUrl' | 'productionReady'>,
): Deps {
  const connected = connections(context, resources);
  const { use, secretFile, appOrigin, openDatabase } = connected;
  const { openUrl, productionReady } = local;
  const actor = actorName(context.process.ciActor);
  const readSecret = context.secrets.read;
  const sealing = async () => stateSealing(stateKey(context));
  const newReleaseId = () => newId('rel', context.clock.nowMs());
  const base = () => baseDeps(context, connected);
  const seed = () => ({ ...seedDeps(context, resources, connected), lease });
  const plan = () => ({ ...base(), managed: use().managed, sealing, readSecret });
  const restorePoints = () => openRestorePoints(context, resources, use(), () => stateKey(context));
  return {
    usePlatforms: connected.usePlatforms,
    platforms: use,
    secretFile,
    appOrigin,
    openUrl: () => openUrl(appOrigin()),
    openDatabase,
    openLeases: () => postgresLeases(resources.databaseAccess.get().directUrl),
    actor,
    locating: base,
    plan,
    provision: () => ({ ...plan(), lease, newSecret, openCache: connected.openCache, gatewayMissing: use().gatewayMissing }),
    deploy: (smoke) => ({
      ...base(),
      lease,
      source: sourceOf(context),
      deployments: use().deployments,
      moves: use().moves,
      sealing,
      readSecret,
      newReleaseId,
      actor,
      smoke,
      seed: () => seedStage(seed(), resources, context.settings().seed.profile),
    }),
    rollback: (smoke) => ({ ...base(), lease, deployments: use().deployments, moves: use().moves, newReleaseId, actor, smoke }),
    seed,
    destroy: () => ({ ...base(), managed: use().managed, lease }),
    env: () => ({ ...base(), lease, sealing, readSecret }),
    status: () => ({ ...base(), deployments: use().deployments, openUrl: () => openUrl(appOrigin()), restorePoints }),
    restore: () => ({ ...base(), lease, restorePoints, keptRecords: openKeptRecords(context) }),
    sealing,
    isolation: () => ({ ...base(), productionReady }),
    schema: base,
    preview: () => ({ ...base(), lease, readSecret, ...previewParts(context, connected) }),
    secrets: () => knownSecrets(context, resources),
    closeConnections: connected.closeConnections,
    close: connected.close,
  };
}

/** What is connected to in one command, each at most once. */
type Connections = ReturnType<typeof connections>;

function connections(context: Context, resources: Resources) {
  const platforms = slot<Platforms>('platforms');
  const opened: { database: Database | undefined; cache: Cache | undefined } = { database: undefined, cache: undefined };
  const use = () => {
    if (platforms.peek() === undefined && context.target === 'cloud') {
      platforms.set(cloudPlatforms(context.settings(), context.secrets, context.clock));
    }
    return platforms.get();
  };
  const closeConnections = async () => {
    await Promise.allSettled([opened.database?.close(), opened.cache?.close()]);
  };
  return {
    use,
    usePlatforms: platforms.set,
    secretFile: openSecretFile(context.envFile, context.secrets),
    appOrigin: () => use().origin(context.settings().domain),
    openDatabase: () => (opened.database ??= postgresDatabase(resources.databaseAccess.get().directUrl)),
    openCache: () => (opened.cache ??= redisCache(resources.cacheAccess.get().url)),
    closeConnections,
    close: async () => {
      await Promise.allSettled([closeConnections(), platforms.peek()?.close()]);
    },
  };
}

function baseDeps(context: Context, connected: Connections) {
  const { use, secretFile, appOrigin, openDatabase } = connected;
  const settings = context.settings();
  const { projects, databases, caches } = use();
  const readMigrations = () => readMigrationFolder(settings.supabase.migrations);
  const isolation = isolationPorts(context, openDatabase);
  const { clock } = context;
  return { settings, projects, databases, caches, secretFile, appOrigin: appOrigin(), clock, openDatabase, readMigrations, isolation };
}

function isolationPorts(context: Context, openDatabase: () => Database): IsolationPorts {
  return {
    readSecret: context.secrets.read,
    sealing: async () => stateSealing(stateKey(context)),
    sha256: plainFingerprint,
    openDatabase,
    askClerk: (secretKey, apiUrl, signal) =>
      clerkInstance({ secretKey, apiUrl, local: context.target === 'local', clock: context.clock }, signal),
  };
}

function previewParts(context: Context, { use, openCache }: Connections) {
  const { deployments, previewHosting, previewDatabases } = use();
  return { source: sourceOf(context), deployments, previewHosting, previewDatabases, openCache };
}

function seedDeps(context: Context, resources: Resources, connected: Connections): Omit<SeedDeps, 'lease'> {
  return {
    ...baseDeps(context, connected),
    openDataApi: () => connected.use().dataApi(resources.databaseAccess.get()),
    readSeed: (profile) => readSeedFile(context.settings().seed.dir, profile),
  };
}

function sourceOf(context: Context): AppSource {
  const { dir, output } = context.settings().app;
  return appSource({ dir, output, environment: childEnvironment() });
}

function stateKey(context: Context): string {
  const key = context.secrets.read({ kind: 'env', name: 'JV_STATE_KEY' });
  if (key !== undefined) return key;
  throw new StagingError('missing', 'STATE_KEY_MISSING', `JV_STATE_KEY stands neither in the environment nor in ${context.envFile}.`, {
    fix: 'Run `jv-staging provision`, which generates it, or set the JV_STATE_KEY that this environment was provisioned with.',
  });
}

/** Every value that must not be printed: what was read from the environment, and what the resources' access holds. */
function knownSecrets(context: Context, resources: Resources): readonly string[] {
  const database = resources.databaseAccess.peek();
  const cache = resources.cacheAccess.peek();
  return [
    ...context.secrets.seen,
    ...context.secrets.inFile(),
    ...(database === undefined ? [] : [database.anonKey, database.serviceRoleKey, database.directUrl, database.poolerUrl]),
    ...(cache === undefined ? [] : [cache.url, cache.restToken]),
  ];
}
