import { setTimeout as delay } from 'node:timers/promises';
import type { StagingError } from '../../core/errors.ts';
import { findPgbouncer, pgbouncerMissing, type Pooler } from '../engines/pgbouncer.ts';
import type { ServiceContext } from '../service.ts';
import { openCollection } from '../store.ts';
import type { Cluster } from './cluster.ts';
import { ownerRole } from './connections.ts';
import type { Gateway } from './gateway.ts';
import { newProject, newRestorePoint, type NewProject, type Project, type ProjectStatus, type RestorePoint } from './project.ts';
import type { ServiceLogs } from './service-logs.ts';
import { applySettings, makeRestorePoint, projectTasks, type Lifecycle } from './project-tasks.ts';

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
  /** Resolves when nothing is under way for the project any more. */
  settled(ref: string): Promise<Project | undefined>;
  /** Stores the change and lets what runs take it over. */
  change(ref: string, change: Partial<Project>): Promise<Project>;
  /** Stores it as PAUSING; in the background everything of it ends, and its database takes no connection. */
  pause(ref: string): Promise<void>;
  /** Stores it as RESTORING (or COMING_UP, where it never was up) and brings it up in the background. */
  resume(ref: string): Promise<void>;
  /** Copies the database; returns when the copy is there. */
  addRestorePoint(ref: string, name: string): Promise<RestorePoint>;
  /** Stores it as RESTORING; in the background its database becomes what the restore point holds. */
  undoTo(ref: string, point: RestorePoint): Promise<void>;
  remove(ref: string): Promise<void>;
  addresses(ref: string): Promise<ProjectAddresses>;
  gateway(ref: string): Gateway | undefined;
  pooler(ref: string): Pooler | undefined;
  /** The reason why there are no poolers, or undefined when there are. */
  readonly poolerProblem: StagingError | undefined;
  stop(): Promise<void>;
}

/** How projects are opened. */
export interface ProjectsOptions {
  /** The pgbouncer program, where it is not in a usual place. */
  readonly pgbouncer: string | undefined;
  /** Shortest time that a project is seen coming up, pausing or restoring. */
  readonly changeMs: number;
  readonly logs: Pick<ServiceLogs, 'addAuth' | 'forget'>;
}

/** Opens the stored projects and brings up what runs for each; what was under way is finished. */
export async function openProjects(context: ServiceContext, cluster: Cluster, options: ProjectsOptions): Promise<Projects> {
  const stored = await openCollection<Project>(context.stateDir, 'projects');
  const program = findPgbouncer(options.pgbouncer);
  const { logs, changeMs } = options;
  const lifecycle: Lifecycle = { context, cluster, stored, running: new Map(), program, logs, settle: () => delay(changeMs) };
  const tasks = projectTasks(lifecycle);
  const inBackground = background(context);
  const must = (ref: string): Project => {
    const project = stored.get(ref);
    if (project === undefined) throw new Error(`There is no project ${ref}.`);
    return project;
  };
  const begin = async (ref: string, status: ProjectStatus, more: Partial<Project> = {}) => {
    await stored.put(ref, { ...must(ref), ...more, status });
    void inBackground.run(ref, () => tasks[status](must(ref)));
  };
  await Promise.all(stored.all().map((project) => inBackground.run(project.ref, () => tasks[project.status](project))));
  return {
    all: () => stored.all(),
    get: (ref) => stored.get(ref),
    create: async (wanted) => {
      const project = await newProject(wanted);
      if (stored.get(project.ref) !== undefined) throw new Error(`There is a project ${project.ref} already.`);
      await stored.put(project.ref, project);
      void inBackground.run(project.ref, () => tasks.COMING_UP(project));
      return project;
    },
    settled: async (ref) => {
      await inBackground.settled(ref);
      return stored.get(ref);
    },
    change: async (ref, change) => {
      const changed = { ...must(ref), ...change };
      await stored.put(ref, changed);
      await applySettings(lifecycle, changed);
      return changed;
    },
    pause: (ref) => begin(ref, 'PAUSING'),
    resume: (ref) => begin(ref, must(ref).status === 'INIT_FAILED' ? 'COMING_UP' : 'RESTORING'),
    addRestorePoint: async (ref, name) => {
      const point = newRestorePoint(must(ref), name);
      await inBackground.run(ref, () => makeRestorePoint(lifecycle, must(ref), point));
      return must(ref).restorePoints.find((candidate) => candidate.number === point.number) ?? { ...point, status: 'FAILED' };
    },
    undoTo: (ref, point) => begin(ref, 'RESTORING', { restoringFrom: point.database }),
    remove: async (ref) => {
      await inBackground.settled(ref);
      await stored.put(ref, { ...must(ref), status: 'GOING_DOWN' });
      await inBackground.run(ref, () => tasks.GOING_DOWN(must(ref)));
    },
    addresses: (ref) => addressesOf(lifecycle, must(ref)),
    gateway: (ref) => lifecycle.running.get(ref)?.gateway,
    pooler: (ref) => lifecycle.running.get(ref)?.pooler,
    poolerProblem: program === undefined ? pgbouncerMissing() : undefined,
    stop: async () => {
      await inBackground.end();
      await tasks.stop();
    },
  };
}

/** Runs tasks of one project after the other; a failure is logged, for the project's status tells it. */
function background(context: ServiceContext) {
  const work = new Map<string, Promise<void>>();
  return {
    run: (ref: string, task: () => Promise<void>): Promise<void> => {
      const turn = (work.get(ref) ?? Promise.resolve()).then(task).catch((error: unknown) => {
        context.log(`supabase ${ref}: ${error instanceof Error ? error.message : String(error)}`);
      });
      work.set(ref, turn);
      return turn;
    },
    settled: async (ref: string) => work.get(ref),
    end: () => Promise.all(work.values()),
  };
}

async function addressesOf({ context, cluster, running }: Lifecycle, project: Project): Promise<ProjectAddresses> {
  const host = '127.0.0.1';
  const { ref } = project;
  const user = ownerRole(ref);
  const pooler = running.get(ref)?.pooler;
  return {
    ref,
    url: `http://${host}:${await context.ports.port(`supabase-${ref}`)}`,
    direct: { host, port: cluster.server.port, database: ref, user },
    pooler: pooler === undefined ? null : { host, port: pooler.port, database: 'postgres', user, mode: project.pooler.mode },
  };
}
