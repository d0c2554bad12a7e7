import { plainFingerprint, stateSealing } from '../../src/adapters/files/sealed.ts';
import { parseMigration } from '../../src/adapters/postgres/parse/migration.ts';
import type { RunEvent } from '../../src/core/run/events.ts';
import type { Fields } from '../../src/core/plan/model.ts';
import { loadSettingsForUrl } from '../../src/core/load/profile.ts';
import { perfSettingsForUrl } from '../../src/core/perf/perf.ts';
import type { ClerkInstance } from '../../src/core/isolation/facts.ts';
import type { Database, DataApi, MigrationFile } from '../../src/core/ports/database.ts';
import type { ReleaseRecord } from '../../src/core/release/release.ts';
import type { SourceDatabase } from '../../src/core/ports/source-database.ts';
import type { SmokeDetails } from '../../src/core/report.ts';
import { type RunOptions, runSteps } from '../../src/core/run/run-steps.ts';
import type { SeedPlan } from '../../src/core/seed/plan.ts';
import type { QueuePlan } from '../../src/core/seed/queues.ts';
import type { EnvReference, StagingSettings } from '../../src/core/settings.ts';
import { type StageRun, verdictStep } from '../../src/core/run/stage.ts';
import { stageResult } from '../../src/core/run/stage-result.ts';
import type { Step } from '../../src/core/run/step.ts';
import { formerKeys, formerKeysName } from '../../src/core/secrets/former-keys.ts';
import type { SmokeCheck } from '../../src/core/smoke/smoke.ts';
import type { StageResult, Verdict } from '../../src/core/verdict.ts';
import { type DestroyDeps, type DestroyOptions, destroyStage } from '../../src/stages/destroy.ts';
import { deployStage } from '../../src/stages/deploy/deploy.ts';
import { type DeployDeps, type DeployOptions, plainDeploy } from '../../src/stages/deploy/deps.ts';
import { locateStep } from '../../src/stages/locate.ts';
import { migrateResetStage, type ResetDeps, type ResetOptions } from '../../src/stages/migrate/reset.ts';
import { protectionStep } from '../../src/stages/provision/schema.ts';
import { type PlanDeps, type PlanOptions, planRun } from '../../src/stages/plan/plan.ts';
import { type ProvisionDeps, type ProvisionOptions, provisionStage } from '../../src/stages/provision/provision.ts';
import { emptyResources, type ResourceDeps } from '../../src/stages/resources.ts';
import type { RollbackDeps, RollbackOptions } from '../../src/stages/rollback/deps.ts';
import { drillStage } from '../../src/stages/rollback/drill.ts';
import { rollbackStage } from '../../src/stages/rollback/rollback.ts';
import type { SeedChoice, SeedDeps } from '../../src/stages/seed/parts.ts';
import { seedStage } from '../../src/stages/seed/seed.ts';
import { fakeBulk } from '../fakes/bulk.ts';
import { fakeCache, fakeCachePlatform, fakeJobs } from '../fakes/caches.ts';
import { steppingClock } from '../fakes/clocks.ts';
import { fakeDataApi } from '../fakes/data-api.ts';
import { fakeDatabase } from '../fakes/database.ts';
import { fakeDatabasePlatform } from '../fakes/database-platform.ts';
import { fakeHosting } from '../fakes/hosting.ts';
import { fakeLease } from '../fakes/leases.ts';
import { fakeKeptRecords, fakeRestorePoints } from '../fakes/restore-points.ts';
import { fakePauses, fakeReversals } from '../fakes/reversals.ts';
import { fakeAppSource, fakeJournal, fakeSecretFile } from '../fakes/records.ts';

const reference = (name: string): EnvReference => ({ kind: 'env', name });

/** A source that nobody may ask. */
const noSource: SourceDatabase = {
  inspect: () => Promise.reject(new Error('Nothing is read from production here.')),
  snapshot: () => Promise.reject(new Error('Nothing is read from production here.')),
  rows: () => {
    throw new Error('Nothing is read from production here.');
  },
  close: async () => undefined,
};

/** Settings of an environment named `jet-staging`. */
export const stagingSettings: StagingSettings = {
  name: 'jet-staging',
  environment: 'staging',
  target: 'cloud',
  domain: 'staging.jet.test',
  branch: 'develop',
  app: { dir: '/project/app', build: ['node', 'build.ts'], output: '/project/app/.vercel/output' },
  vercel: { token: reference('VERCEL_TOKEN'), team: reference('VERCEL_ORG_ID'), region: 'iad1', nodeVersion: '24.x' },
  supabase: {
    accessToken: reference('SUPABASE_ACCESS_TOKEN'),
    organization: reference('SUPABASE_ORGANIZATION'),
    region: 'us-east-1',
    migrations: '/project/supabase/migrations',
    rollbacks: '/project/supabase/rollbacks',
  },
  upstash: { email: reference('UPSTASH_EMAIL'), apiKey: reference('UPSTASH_API_KEY'), region: 'us-east-1', prefix: 'jet:', queues: [] },
  production: { domains: ['jet.test'], vercelProjects: ['jet'], supabaseProjects: ['jet'], upstashDatabases: ['jet'] },
  drift: { waivers: [] },
  env: {
    APP_ENVIRONMENT: { value: 'staging', class: 'public', required: true },
    APP_URL: { value: { kind: 'fact', fact: 'app.url' }, class: 'public', required: true },
    CRON_SECRET: { value: reference('CRON_SECRET'), class: 'secret', required: true },
    DATABASE_URL: { value: { kind: 'fact', fact: 'database.poolerUrl' }, class: 'secret', required: true },
    SENTRY_DSN: { value: reference('SENTRY_DSN'), class: 'public', required: false },
  },
  seed: { dir: '/project/seed', profile: 'demo', value: 1 },
  gate: { token: reference('GITHUB_TOKEN'), severityLabels: ['critical', 'high'], attestations: '/project/staging.attestations.json' },
  restorePoints: { kind: 'auto', outlivesRunner: false, keep: 10 },
  smoke: { checks: [], minimum: 1 },
  perf: perfSettingsForUrl('/'),
  load: loadSettingsForUrl('/'),
};

/** Two users, two tables: the second one refers to the first. */
export const demoSeed: SeedPlan = {
  version: 1,
  auth: [{ email: 'agent1@staging.test' }, { email: 'agent2@staging.test' }],
  tables: [
    {
      table: 'users',
      key: ['email'],
      rows: ['agent1@staging.test', 'agent2@staging.test'].map((email) => ({
        id: { kind: 'authUserId', email } as const,
        email: { kind: 'literal', value: email } as const,
      })),
    },
    {
      table: 'requests',
      key: ['code'],
      rows: [{ code: { kind: 'literal', value: 'R-1' }, day: { kind: 'daysFromNow', days: 3 }, seats: { kind: 'literal', value: 6 } }],
    },
  ],
};

/** Two jobs and two keys, one of which goes by itself. */
export const queueSeed: QueuePlan = {
  version: 1,
  queues: [
    {
      queue: 'requests',
      jobs: [
        { id: 'seed-1', name: 'analyse', data: { day: { kind: 'daysFromNow', days: 3 } }, delaySeconds: 0 },
        { id: 'seed-2', name: 'analyse', data: { seats: { kind: 'literal', value: 6 } }, delaySeconds: 60 },
      ],
    },
  ],
  cache: [
    { key: 'cache:airport', value: { code: 'KTEB' } },
    { key: 'cache:greeting', value: 'hello', ttlSeconds: 60 },
  ],
};

/** A migration that creates one table, protected or not. */
export function createTable(
  version: string,
  table: string,
  options: { readonly isProtected: boolean } = { isProtected: true },
): MigrationFile {
  const security = options.isProtected
    ? `alter table ${table} enable row level security; create policy own on ${table} for select using (true);`
    : '';
  const sql = `create table ${table} (id bigint); ${security}`;
  return { version, name: table, file: `${version}_${table}.sql`, sql, checksum: version.padEnd(64, '0') };
}

/** What a run of steps came to. */
export interface Ran {
  readonly error: unknown;
  /** `path outcome` of every step that ended, in order. */
  readonly outcomes: readonly string[];
  /** What each step says came out, by path. */
  readonly details: Readonly<Record<string, string | undefined>>;
}

/** An environment in memory: the platforms' fakes, the environment file, the journal and a clock whose waits pass at once. */
export type StageWorld = ReturnType<typeof stageWorld>;

/** Returns an environment in memory in which nothing exists yet. */
export function stageWorld() {
  const clock = steppingClock();
  const hosting = fakeHosting();
  /** Every call that changed something anywhere, and every smoke, in order. */
  const calls = hosting.changes;
  const journal = fakeJournal('run_1');
  const parts = recordingParts(calls);
  const source = fakeAppSource();
  const environment: Record<string, string> = {};
  const folder: { migrations: readonly MigrationFile[] } = {
    migrations: [createTable('20260101', 'users'), createTable('20260102', 'requests')],
  };
  /** The verdict of smoke on an address: green unless said otherwise. */
  const smokeVerdicts = new Map<string, Verdict>();
  const ids = { release: 0, secret: 0 };
  const readSecret = ({ name }: EnvReference) => environment[name] ?? parts.secretFile.values.get(name);
  const sealing = async () =>
    stateSealing(parts.secretFile.values.get('JV_STATE_KEY') ?? '', formerKeys(parts.secretFile.values.get(formerKeysName)));
  /** What Clerk says of a key: nothing, unless said otherwise. */
  const clerkInstances = new Map<string, ClerkInstance>();
  const askClerk = async (key: string) => clerkInstances.get(key) ?? null;
  const newReleaseId = () => `rel_${(ids.release += 1)}`;
  const base = {
    settings: stagingSettings,
    projects: hosting.projects,
    databases: parts.databases,
    caches: parts.caches,
    managed: { hosting: hosting.managed, databases: parts.databases.managed, caches: parts.caches.managed },
    secretFile: parts.secretFile,
    appOrigin: 'https://staging.jet.test',
    clock,
    isolation: { readSecret, sealing, sha256: plainFingerprint, openDatabase: () => parts.database, askClerk },
    openDatabase: () => parts.database,
    readMigrations: async () => ({ migrations: folder.migrations, ignored: [] }),
    parseMigration,
    lease: fakeLease(),
  } satisfies ResourceDeps & Record<string, unknown>;
  const reversals = fakeReversals(parts.database, calls);
  const pauses = fakePauses(calls);
  /** Checks of a release that smoke was asked to run instead of today's. */
  const oldChecks: (readonly string[])[] = [];
  const smoke = (
    origin: string,
    gitSha: string,
    deploymentId: string,
    { checks }: { readonly checks?: readonly SmokeCheck[] | undefined; readonly settles?: boolean } = {},
  ) => {
    if (checks !== undefined) oldChecks.push(checks.map(({ id }) => id));
    return smokeGate(`smoke ${origin} for ${gitSha.slice(0, 6)} of ${deploymentId}`, smokeVerdicts.get(origin) ?? 'green', calls);
  };
  const run = async (steps: readonly Step[], options: Partial<RunOptions> = {}): Promise<Ran> =>
    ranSteps(steps, { runId: 'run_1', journal, clock, signal: new AbortController().signal, ...options });
  const bulk = fakeBulk();
  const cache = fakeCache();
  const jobs = fakeJobs(calls);
  const seedDeps: SeedDeps = {
    ...base,
    openDataApi: () => parts.data,
    openClerk: () => undefined,
    openBulk: () => bulk,
    source: noSource,
    openTarget: () => noSource,
    openPauses: () => ({ pause: async (queues) => queues }),
    openCache: () => cache,
    openJobs: () => jobs,
    readQueueSeed: async () => ({ plan: queueSeed, version: 'queues-1' }),
    readSeed: async () => ({ plan: demoSeed, version: 'seed-1' }),
    vocabulary: async () => ({ firstNames: ['Ann', 'Bo'], lastNames: ['Lee', 'Kim'], operators: ['Jets'] }),
  };
  const restore = fakeRestorePoints(calls);
  /** What both ways of a release need. */
  const release = {
    ...base,
    restorePoints: () => restore,
    keptRecords: fakeKeptRecords<ReleaseRecord>(),
    deployments: hosting.deployments,
    moves: hosting.moves,
    reversals: () => reversals,
    openPauses: () => pauses,
    sealing,
    newReleaseId,
    actor: 'jo@laptop',
    smoke,
  };
  const restoring = { unheardRecords: async () => [] };
  const stages = {
    plan: async (more: Partial<PlanDeps> = {}, options: PlanOptions = { adopt: false }) => {
      const planning = planRun({ ...base, sealing, readSecret, ...more }, emptyResources(), options);
      return { ...(await run(planning.steps)), plan: planning.planned.peek()?.plan };
    },
    provision: async (
      more: Partial<ProvisionDeps> = {},
      options: Partial<RunOptions> = {},
      choice: ProvisionOptions = { adopt: false },
    ) => {
      const newSecret = () => `secret-${(ids.secret += 1)}`.padEnd(40, 'x');
      const deps = {
        ...base,
        newSecret,
        sealing,
        readSecret,
        openCache: () => fakeCache(),
        gatewayMissing: async () => undefined,
        ...more,
      };
      const stage = provisionStage(deps, emptyResources(), choice);
      return { ...(await run(stage.steps, options)), result: stage.result() };
    },
    deploy: async (more: Partial<DeployDeps> = {}, options: Partial<RunOptions> = {}, choice: Partial<DeployOptions> = {}) => {
      const resources = emptyResources();
      const seed = () => seedStage(seedDeps, resources, { profile: 'demo' });
      const stage = deployStage({ ...release, source, readSecret, seed, ...more }, resources, { ...plainDeploy, ...choice });
      return { ...(await run(stage.steps, { undoOnFailure: true, ...options })), result: stage.result() };
    },
    seed: async (more: Partial<SeedDeps> = {}, choice: SeedChoice = { profile: 'demo' }, options: Partial<RunOptions> = {}) => {
      const stage = seedStage({ ...seedDeps, ...more }, emptyResources(), choice);
      return { ...(await run(stage.steps, options)), result: stage.result() };
    },
    destroy: async (destroyOptions: Partial<DestroyOptions> = {}, options: Partial<RunOptions> = {}, more: Partial<DestroyDeps> = {}) => {
      const stage = destroyStage({ ...base, previewDatabases: { ownProjects: async () => [] }, ...more }, emptyResources(), {
        confirm: undefined,
        dryRun: options.dryRun ?? false,
        ...destroyOptions,
      });
      return { ...(await run(stage.steps, options)), result: stage.result() };
    },
    reset: async (choice: Partial<ResetOptions> = {}, options: Partial<RunOptions> = {}, more: Partial<ResetDeps> = {}) => {
      const resources = emptyResources();
      const deps: ResetDeps = {
        ...base,
        name: stagingSettings.name,
        environment: stagingSettings.environment,
        guard: () => undefined,
        before: [locateStep(base, resources)],
        after: [protectionStep(base)],
        restorePoints: () => restore,
        seed: () => seedStage(seedDeps, resources, { profile: 'demo' }),
        ...more,
      };
      const dryRun = options.dryRun ?? false;
      const stage = migrateResetStage(deps, { confirm: undefined, dryRun, acceptNoRestorePoint: false, ...choice });
      return { ...(await run(stage.steps, options)), result: stage.result() };
    },
    rollback: async (to?: string, more: Partial<RollbackDeps> = {}, choice: Partial<RollbackOptions> = {}) => {
      const deps = { ...release, ...restoring, ...more };
      const stage = rollbackStage(deps, emptyResources(), { to, dryRun: false, ...choice });
      const ran = await run(stage.steps, { undoOnFailure: true, dryRun: choice.dryRun ?? false });
      return { ...ran, result: stage.result(), preview: stage.preview() };
    },
    drill: async (more: Partial<RollbackDeps> = {}) => {
      const stage = drillStage({ ...release, ...restoring, ...more }, emptyResources(), { dryRun: false });
      return { ...(await run(stage.steps, { undoOnFailure: true })), result: stage.result() };
    },
  };
  /** Returns the deployment that the domain points to and whether the project assigns domains by itself. */
  const domain = async () => {
    const { signal } = new AbortController();
    const project = await hosting.projects.find(stagingSettings.name, signal);
    const live = project === undefined ? undefined : await hosting.deployments.live(project.id, stagingSettings.domain, signal);
    return { live: live?.id, autoAssign: project?.autoAssignDomains };
  };
  /** What the `env` commands need of this world. */
  const envDeps = { ...base, sealing, readSecret };
  return {
    ...parts,
    ...stages,
    bulk,
    cache,
    jobs,
    clerkInstances,
    base,
    envDeps,
    hosting,
    source,
    journal,
    clock,
    environment,
    folder,
    run,
    smokeVerdicts,
    reversals,
    pauses,
    oldChecks,
    restore,
    calls,
    domain,
  };
}

/** Forgets the calls so far; returns them. */
export function takeCalls({ calls }: { readonly calls: string[] }): readonly string[] {
  return calls.splice(0);
}

function recordingParts(calls: string[]) {
  const [platform, caches, data, database] = [fakeDatabasePlatform(), fakeCachePlatform(), fakeDataApi(), fakeDatabase()];
  const secretFile = fakeSecretFile();
  platform.schemas.read = (_ref, environment) => ({
    applied: database.applied.map((migration) => migration.version),
    releases: database.history.filter((record) => record.environment === environment).length,
  });
  const noted = async <Value>(call: string, made: Promise<Value>): Promise<Value> => {
    calls.push(call);
    return made;
  };
  const recordedData: DataApi = {
    ...data,
    upsert: async (table, key, rows, signal) => noted(`write ${rows.length} rows of ${table}`, data.upsert(table, key, rows, signal)),
    deleteUser: async (id, signal) => noted('delete user', data.deleteUser(id, signal)),
    createUser: async (user, signal) => noted(`create user ${user.email}`, data.createUser(user, signal)),
    setPassword: async (id, password, signal) => noted('set password', data.setPassword(id, password, signal)),
  };
  const recordedDatabase: Database = {
    ...database,
    applyMigration: async (file, signal) => noted(`apply ${file.file}`, database.applyMigration(file, signal)),
    dropOwned: async (signal) => noted('drop what is owned', database.dropOwned(signal)),
    appendRelease: async (record, signal) => noted(`record ${record.id}`, database.appendRelease(record, signal)),
  };
  return {
    databases: {
      ...platform,
      create: async (project: Parameters<typeof platform.create>[0], signal: AbortSignal) =>
        noted(`create Supabase ${project.name}`, platform.create(project, signal)),
      managed: {
        ...platform.managed,
        change: async (ref: string, fields: Fields, signal: AbortSignal) =>
          noted(`set ${Object.keys(fields).join(', ')} of ${ref}`, platform.managed.change(ref, fields, signal)),
        remove: async (ref: string, signal: AbortSignal) => noted(`remove Supabase ${ref}`, platform.managed.remove(ref, signal)),
      },
    },
    caches: {
      ...caches,
      create: async (wanted: Parameters<typeof caches.create>[0], signal: AbortSignal) =>
        noted(`create Upstash ${wanted.name}`, caches.create(wanted, signal)),
      managed: {
        ...caches.managed,
        change: async (id: string, fields: Fields, signal: AbortSignal) =>
          noted(`set ${Object.keys(fields).join(', ')} of ${id}`, caches.managed.change(id, fields, signal)),
        remove: async (id: string, signal: AbortSignal) => noted(`remove Upstash ${id}`, caches.managed.remove(id, signal)),
      },
    },
    data: { ...recordedData, users: data.users, tables: data.tables, written: data.written },
    database: { ...recordedDatabase, applied: database.applied, history: database.history, says: database.says },
    secretFile: {
      ...secretFile,
      write: async (values: Readonly<Record<string, string>>) =>
        noted(`write lines ${Object.keys(values).join(' ')}`, secretFile.write(values)),
    },
  };
}

/** A smoke gate that has looked once and comes to this verdict. */
function smokeGate(call: string, verdict: Verdict, calls: string[]): StageRun<SmokeDetails> {
  let found: StageResult<SmokeDetails> | undefined;
  const judge = () => {
    const finding = { id: 'health', title: 'Health', verdict, seen: verdict === 'green' ? 'as wished' : '503', expected: '200' };
    found = stageResult('smoke', [finding], 0, steppingClock(0), { profile: 'full', notInProfile: [], executed: 1 });
    return found;
  };
  const look: Step = { id: 'checks', title: 'Look', run: async () => void calls.push(call) };
  return { steps: [look, verdictStep('Judge the checks', judge)], result: () => found };
}

async function ranSteps(steps: readonly Step[], options: Omit<RunOptions, 'events'>): Promise<Ran> {
  const events: RunEvent[] = [];
  const error: unknown = await runSteps(steps, { ...options, events: (event) => events.push(event) }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const finished = events.flatMap((event) => (event.type === 'step-finished' ? [event] : []));
  return {
    error,
    outcomes: finished.map((event) => `${event.path.join('/')} ${event.outcome}`),
    details: Object.fromEntries(finished.map((event) => [event.path.join('/'), event.detail])),
  };
}
