import { randomInt } from 'node:crypto';
import type { StagingError } from '../../core/errors.ts';
import { findPgbouncer, pgbouncerMissing, removePooler, startPooler, type Pooler, type PoolerSettings } from '../engines/pgbouncer.ts';
import type { ServiceContext } from '../service.ts';
import { openCollection, type Collection } from '../store.ts';
import { ownerRole, type Cluster } from './cluster.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { createProjectKeys, type ProjectKeys } from './keys.ts';

/** States of a project that the local cloud knows (a subset of the platform's). */
export type ProjectStatus = 'COMING_UP' | 'ACTIVE_HEALTHY' | 'GOING_DOWN' | 'INIT_FAILED';

/** A project as stored: the file is ours alone (0600), for it holds the keys and the owner's password. */
export interface Project {
  readonly ref: string;
  /** The platform's number of it, given back on deletion. */
  readonly number: number;
  readonly name: string;
  readonly region: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly status: ProjectStatus;
  readonly password: string;
  readonly keys: ProjectKeys;
  readonly pooler: { readonly poolSize: number; readonly maxClients: number; readonly mode: 'transaction' | 'session' };
  readonly sslEnforced: boolean;
}

/** What a project is created with. */
export interface NewProject {
  readonly name: string;
  readonly region: string;
  readonly password: string;
  /** Chosen by the platform when undefined: 20 lower-case letters. */
  readonly ref?: string | undefined;
}

/** Where a project is reached, as far as it is up. */
export interface ProjectAddresses {
  readonly ref: string;
  readonly url: string;
  readonly direct: { readonly host: string; readonly port: number; readonly database: string; readonly user: string };
  /** Null where there is no pgbouncer: no pooler is claimed then. */
  readonly pooler: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    readonly mode: string;
  } | null;
}

/** The projects of the local cloud and what runs for them. */
export interface Projects {
  all(): readonly Project[];
  get(ref: string): Project | undefined;
  /** Stores the project as COMING_UP and brings it up in the background. */
  create(project: NewProject): Promise<Project>;
  /** Resolves when the project is no longer coming up. */
  settled(ref: string): Promise<Project | undefined>;
  change(ref: string, change: Partial<Project>): Promise<Project>;
  remove(ref: string): Promise<void>;
  addresses(ref: string): Promise<ProjectAddresses>;
  gateway(ref: string): Gateway | undefined;
  pooler(ref: string): Pooler | undefined;
  /** The reason why there are no poolers, or undefined when there are. */
  readonly poolerProblem: StagingError | undefined;
  stop(): Promise<void>;
}

interface Running {
  gateway?: Gateway;
  pooler?: Pooler;
}

/** Hosted defaults of a small instance (supabase.com/docs/guides/platform/compute-and-disk, read 2026-11-22). */
const defaultPooler = { poolSize: 15, maxClients: 200, mode: 'transaction' } as const;

/** Opens the stored projects and brings up what runs for each; unfinished creations and deletions are finished. */
export async function openProjects(context: ServiceContext, cluster: Cluster, pgbouncer?: string): Promise<Projects> {
  const stored = await openCollection<Project>(context.stateDir, 'projects');
  const running = new Map<string, Running>();
  const work = new Map<string, Promise<void>>();
  const program = findPgbouncer(pgbouncer);
  const lifecycle: Lifecycle = { context, cluster, stored, running, program };

  const inBackground = (ref: string, task: () => Promise<void>) => {
    const turn = (work.get(ref) ?? Promise.resolve()).then(task).catch((error: unknown) => {
      context.log(`supabase ${ref}: ${error instanceof Error ? error.message : String(error)}`);
    });
    work.set(ref, turn);
    return turn;
  };
  await Promise.all(stored.all().map((project) => inBackground(project.ref, () => resume(lifecycle, project))));
  return {
    all: () => stored.all(),
    get: (ref) => stored.get(ref),
    create: async (wanted) => {
      const project = await newProject(wanted);
      if (stored.get(project.ref) !== undefined) throw new Error(`There is a project ${project.ref} already.`);
      await stored.put(project.ref, project);
      void inBackground(project.ref, () => bringUp(lifecycle, project));
      return project;
    },
    settled: async (ref) => {
      await work.get(ref);
      return stored.get(ref);
    },
    change: async (ref, change) => {
      const changed = { ...must(stored, ref), ...change };
      await stored.put(ref, changed);
      await running.get(ref)?.pooler?.reload(await poolerSettings(cluster, changed));
      return changed;
    },
    remove: async (ref) => {
      await stored.put(ref, { ...must(stored, ref), status: 'GOING_DOWN' });
      await inBackground(ref, () => takeDown(lifecycle, ref));
    },
    addresses: (ref) => addressesOf(lifecycle, ref),
    gateway: (ref) => running.get(ref)?.gateway,
    pooler: (ref) => running.get(ref)?.pooler,
    poolerProblem: program === undefined ? pgbouncerMissing() : undefined,
    stop: async () => {
      await Promise.all(work.values());
      await Promise.all([...running.keys()].map((ref) => stopRunning(lifecycle, ref)));
    },
  };
}

interface Lifecycle {
  readonly context: ServiceContext;
  readonly cluster: Cluster;
  readonly stored: Collection<Project>;
  readonly running: Map<string, Running>;
  readonly program: string | undefined;
}

function must(stored: Collection<Project>, ref: string): Project {
  const project = stored.get(ref);
  if (project === undefined) throw new Error(`There is no project ${ref}.`);
  return project;
}

async function newProject(wanted: NewProject): Promise<Project> {
  const ref = wanted.ref ?? Array.from({ length: 20 }, () => String.fromCharCode(97 + randomInt(26))).join('');
  return {
    ref,
    number: randomInt(1, 2 ** 31),
    name: wanted.name,
    region: wanted.region,
    createdAt: new Date().toISOString(),
    status: 'COMING_UP',
    password: wanted.password,
    keys: await createProjectKeys(ref),
    pooler: defaultPooler,
    sslEnforced: false,
  };
}

async function resume(lifecycle: Lifecycle, project: Project): Promise<void> {
  if (project.status === 'GOING_DOWN') await takeDown(lifecycle, project.ref);
  else if (project.status === 'ACTIVE_HEALTHY') await startRunning(lifecycle, project);
  else await bringUp(lifecycle, project);
}

async function bringUp(lifecycle: Lifecycle, project: Project): Promise<void> {
  const settle = (status: ProjectStatus) => lifecycle.stored.put(project.ref, { ...must(lifecycle.stored, project.ref), status });
  try {
    await lifecycle.cluster.createDatabase(project.ref, project.password);
    await startRunning(lifecycle, project);
    await settle('ACTIVE_HEALTHY');
  } catch (error) {
    await settle('INIT_FAILED');
    throw error;
  }
}

async function startRunning(lifecycle: Lifecycle, project: Project): Promise<void> {
  const { context, cluster, stored, running, program } = lifecycle;
  const here: Running = {};
  running.set(project.ref, here);
  const port = await context.ports.port(`supabase-${project.ref}`);
  here.gateway = await startGateway({
    ref: project.ref,
    port,
    cluster,
    keys: () => must(stored, project.ref).keys,
    log: (line) => context.log(line),
  });
  if (program !== undefined) here.pooler = await startPooler(context, program, await poolerSettings(cluster, project));
}

async function poolerSettings(cluster: Cluster, project: Project): Promise<PoolerSettings> {
  return {
    ref: project.ref,
    database: project.ref,
    serverPort: cluster.server.port,
    users: [{ name: ownerRole(project.ref), verifier: await cluster.verifier(project.ref) }],
    poolMode: project.pooler.mode,
    poolSize: project.pooler.poolSize,
    maxClients: project.pooler.maxClients,
  };
}

async function stopRunning({ running }: Lifecycle, ref: string): Promise<void> {
  const here = running.get(ref);
  running.delete(ref);
  await Promise.all([here?.gateway?.stop(), here?.pooler?.stop()]);
}

async function takeDown(lifecycle: Lifecycle, ref: string): Promise<void> {
  await stopRunning(lifecycle, ref);
  await lifecycle.cluster.dropDatabase(ref);
  await removePooler(lifecycle.context, ref);
  await lifecycle.stored.delete(ref);
}

async function addressesOf({ context, cluster, running }: Lifecycle, ref: string): Promise<ProjectAddresses> {
  const host = '127.0.0.1';
  const user = ownerRole(ref);
  const pooler = running.get(ref)?.pooler;
  return {
    ref,
    url: `http://${host}:${await context.ports.port(`supabase-${ref}`)}`,
    direct: { host, port: cluster.server.port, database: ref, user },
    pooler: pooler === undefined ? null : { host, port: pooler.port, database: 'postgres', user, mode: 'transaction' },
  };
}
