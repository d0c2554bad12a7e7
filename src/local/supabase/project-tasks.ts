import { removePooler, startPooler, type Pooler, type PoolerSettings } from '../engines/pgbouncer.ts';
import type { ServiceContext } from '../service.ts';
import type { Collection } from '../store.ts';
import { replayMigrations } from './branch-migrations.ts';
import type { Cluster } from './cluster.ts';
import { ownerRole } from './connections.ts';
import { startGateway, type Gateway } from './gateway.ts';
import type { Project, ProjectStatus, RestorePoint } from './project.ts';
import type { ServiceLogs } from './service-logs.ts';

/** What runs for one project. */
interface Running {
  gateway?: Gateway;
  pooler?: Pooler;
}

/** What the tasks of projects work with. */
export interface Lifecycle {
  readonly context: ServiceContext;
  readonly cluster: Cluster;
  readonly stored: Collection<Project>;
  readonly running: Map<string, Running>;
  readonly program: string | undefined;
  readonly logs: Pick<ServiceLogs, 'addAuth' | 'forget'>;
  /** Returns after the shortest time that a change of status takes. */
  settle(): Promise<unknown>;
}

/** What is to be done for a project of each status: at the change to it, and again after a start that found it so. */
export type ProjectTasks = Readonly<Record<ProjectStatus, (project: Project) => Promise<void>>> & { stop(): Promise<void> };

/** Returns the tasks; each leaves the project in the status that it leads to. */
export function projectTasks(lifecycle: Lifecycle): ProjectTasks {
  const nothing = () => Promise.resolve();
  return {
    COMING_UP: (project) => bringUp(lifecycle, project),
    ACTIVE_HEALTHY: (project) => startRunning(lifecycle, project),
    PAUSING: (project) => pause(lifecycle, project),
    INACTIVE: nothing,
    RESTORING: (project) => restore(lifecycle, project),
    RESTORE_FAILED: nothing,
    // What could not be brought up is tried again at the next start.
    INIT_FAILED: (project) => bringUp(lifecycle, project),
    GOING_DOWN: (project) => takeDown(lifecycle, project),
    stop: async () => {
      await Promise.all([...lifecycle.running.keys()].map((ref) => stopRunning(lifecycle, ref)));
    },
  };
}

async function become({ stored }: Lifecycle, ref: string, change: Partial<Project>): Promise<void> {
  const project = stored.get(ref);
  if (project !== undefined) await stored.put(ref, { ...project, ...change });
}

async function bringUp(lifecycle: Lifecycle, project: Project): Promise<void> {
  const { cluster, stored } = lifecycle;
  try {
    const settled = lifecycle.settle();
    const parent = project.parent === undefined ? undefined : stored.get(project.parent.ref);
    const from = project.parent?.withData === true ? parent?.ref : undefined;
    await cluster.createDatabase(project.ref, project.password, from);
    if (parent !== undefined && from === undefined) await replayMigrations(cluster, parent, project);
    await startRunning(lifecycle, project);
    await settled;
    await become(lifecycle, project.ref, { status: 'ACTIVE_HEALTHY' });
  } catch (error) {
    await become(lifecycle, project.ref, { status: 'INIT_FAILED' });
    throw error;
  }
}

async function pause(lifecycle: Lifecycle, project: Project): Promise<void> {
  await Promise.all([stopRunning(lifecycle, project.ref), lifecycle.settle()]);
  await lifecycle.cluster.closeDatabase(project.ref);
  await become(lifecycle, project.ref, { status: 'INACTIVE' });
}

/** Brings a paused project up again, or takes its database back to a restore point first. */
async function restore(lifecycle: Lifecycle, project: Project): Promise<void> {
  const { cluster } = lifecycle;
  try {
    const settled = lifecycle.settle();
    await stopRunning(lifecycle, project.ref);
    if (project.restoringFrom !== undefined) await cluster.replaceDatabase(project.ref, project.restoringFrom);
    await cluster.openDatabase(project.ref);
    await applySettings(lifecycle, project);
    await startRunning(lifecycle, project);
    await settled;
    await become(lifecycle, project.ref, { status: 'ACTIVE_HEALTHY', restoringFrom: undefined });
  } catch (error) {
    await become(lifecycle, project.ref, { status: 'RESTORE_FAILED' });
    throw error;
  }
}

/** Copies the project's database, while its gateway holds back requests; other connections to it are ended. */
export async function makeRestorePoint(lifecycle: Lifecycle, project: Project, point: RestorePoint): Promise<void> {
  const { cluster, running } = lifecycle;
  const put = (made: RestorePoint) => become(lifecycle, project.ref, { restorePoints: [...project.restorePoints, made] });
  await put(point);
  const release = await running.get(project.ref)?.gateway?.hold();
  try {
    await cluster.copyDatabase(project.ref, point.database);
    await put({ ...point, status: 'AVAILABLE', completedAt: new Date().toISOString() });
  } catch (error) {
    await put({ ...point, status: 'FAILED' });
    throw error;
  } finally {
    release?.();
  }
}

/** Lets what runs take over the project's settings: those of the pooler, and of the database. */
export async function applySettings(lifecycle: Lifecycle, project: Project): Promise<void> {
  await lifecycle.cluster.configure(project.ref, project.settings.postgres ?? {});
  await lifecycle.running.get(project.ref)?.pooler?.reload(await poolerSettings(lifecycle.cluster, project));
}

async function startRunning(lifecycle: Lifecycle, project: Project): Promise<void> {
  const { context, cluster, stored, running, program, logs } = lifecycle;
  const here: Running = {};
  running.set(project.ref, here);
  await cluster.grantAccess(project.ref);
  const port = await context.ports.port(`supabase-${project.ref}`);
  const current = () => stored.get(project.ref) ?? project;
  here.gateway = await startGateway({
    ref: project.ref,
    port,
    cluster,
    keys: () => current().keys,
    settings: () => current().settings,
    log: (line) => context.log(line),
    authLog: (line) => logs.addAuth(project.ref, line),
    door: context.traffic?.door({ service: 'supabase', part: 'project gateway', resource: project.ref }),
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

async function takeDown(lifecycle: Lifecycle, project: Project): Promise<void> {
  await stopRunning(lifecycle, project.ref);
  lifecycle.logs.forget(project.ref);
  await lifecycle.cluster.dropDatabase(project.ref);
  await removePooler(lifecycle.context, project.ref);
  await lifecycle.stored.delete(project.ref);
}
