import { migrationHead, pendingMigrations } from '../core/release/migrations.ts';
import { StagingError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Gauge } from '../core/ports/gauges.ts';
import type { Deployment, Deployments, HostingProject } from '../core/ports/hosting.ts';
import type { RestorePoints } from '../core/ports/restore-points.ts';
import { liveRelease, type ReleaseRecord } from '../core/release/release.ts';
import type { RunReport } from '../core/report.ts';
import { type EnvironmentStatus, lastGates } from '../core/status.ts';
import { notLiveVariables } from '../core/variables/since-release.ts';
import { findUnrecorded } from './deploy/recover.ts';
import { currentPlan, type PlanDeps } from './plan/plan.ts';
import type { Plan } from '../core/plan/model.ts';
import { emptyResources, findCache, findDatabase, findProject, readAccess, type Resources } from './resources.ts';
import type { SchemaDeps } from './provision/schema.ts';

/** What reading the status needs beside finding resources. */
export interface StatusDeps extends PlanDeps, SchemaDeps {
  readonly deployments: Deployments;
  readonly openUrl: () => Promise<string>;
  readonly restorePoints: () => RestorePoints;
  readonly clock: Clock;
  /** Reads the environment's queues; the address is secret. */
  readonly openQueues: (url: string) => Gauge;
  /** Returns the newest reports of this environment that are kept here, newest first. */
  readonly reports: () => Promise<readonly RunReport[]>;
}

/**
 * Returns the environment's state as the vendors and the release records tell it; changes nothing. `planOf` makes the plan that it is held
 * against, for a caller that reads the plan itself: reading it is the larger part of the work.
 */
export async function environmentStatus(
  deps: StatusDeps,
  resources: Resources,
  signal: AbortSignal,
  planOf = (): Promise<Plan> => currentPlan(deps, emptyResources(), signal),
): Promise<EnvironmentStatus> {
  const { settings } = deps;
  const [project, database, cache] = await Promise.all([
    findProject(deps, resources, signal),
    findDatabase(deps, resources, signal),
    findCache(deps, resources, signal),
  ]);
  const live = project === undefined ? undefined : await deps.deployments.live(project.id, settings.domain, signal);
  const readable = database !== undefined && cache !== undefined;
  if (readable) await readAccess(deps, resources, signal);
  const { history, unrecorded } = readable ? await releases(deps, project, live, signal) : { history: [], unrecorded: [] };
  const newest = liveRelease(history);
  const [{ drift, cost }, queues, lastOnes] = await Promise.all([
    compared(planOf, signal),
    readable ? readQueues(deps, resources, signal) : null,
    newest === undefined ? [] : deps.reports().then((reports) => lastGates(newest, reports, deps.clock.nowMs())),
  ]);
  return {
    name: settings.name,
    environment: settings.environment,
    target: settings.target,
    url: deps.appOrigin,
    openUrl: await deps.openUrl(),
    resources: { vercelProject: project?.id ?? null, supabaseProject: database?.ref ?? null, upstashDatabase: cache?.id ?? null },
    live: newest === undefined ? null : liveOf(newest, deps.clock.nowMs()),
    liveDeployment: live?.id ?? null,
    recordMatches: newest === undefined || live === undefined ? null : newest.vercelDeploymentId === live.id && unrecorded.length === 0,
    unrecorded: unrecorded.map(({ id }) => id),
    autoAssignDomains: project?.autoAssignDomains ?? null,
    drift,
    gates: lastOnes,
    queues,
    cost,
    variablesNotLive:
      project === undefined || live === undefined || newest === undefined
        ? null
        : notLiveVariables(newest, await deps.projects.variables(project.id, signal), Date.parse(live.createdAt)),
    contractWaiting: newest?.contractWaiting ?? [],
    migrations: readable ? await migrationStatus(deps, signal) : null,
    restorePoints: readable ? await restorePointStatus(deps, history, signal) : null,
    releases: history
      .toReversed()
      .map(({ id, kind, gitSha, dirty, vercelDeploymentId, url, migrationHead: head, gates, createdAt, actor, previous }) => ({
        id,
        kind,
        gitSha,
        dirty,
        vercelDeploymentId,
        url,
        migrationHead: head,
        gates,
        createdAt,
        actor,
        previous,
      })),
  };
}

/** Returns the history, with what no record names but the deployments say of themselves. */
async function releases(deps: StatusDeps, project: HostingProject | undefined, served: Deployment | undefined, signal: AbortSignal) {
  const recorded = await deps.openDatabase().releases(deps.settings.environment, signal);
  const finding = { ...deps, actor: 'the next deploy or rollback' };
  const unrecorded = project === undefined ? [] : await findUnrecorded(finding, project.id, { served, history: recorded }, signal);
  return { history: [...recorded, ...unrecorded], unrecorded };
}

function liveOf({ id, gitSha, dirty, migrationHead: head, createdAt }: ReleaseRecord, nowMs: number): EnvironmentStatus['live'] {
  return { releaseId: id, gitSha, dirty, migrationHead: head, ageMs: nowMs - Date.parse(createdAt) };
}

/** Holds the environment against its configuration, as `plan` does; what keeps that from being done is said, and ends nothing. */
async function compared(planOf: () => Promise<Plan>, signal: AbortSignal): Promise<Pick<EnvironmentStatus, 'drift' | 'cost'>> {
  const plan = await planOf().catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof StagingError)) throw error;
    return error;
  });
  if (plan instanceof StagingError) return { drift: { differing: null, compared: 0, why: plan.message }, cost: null };
  const { items, cost } = plan;
  const differing = items
    .filter(({ action }) => action !== 'unchanged')
    .map(({ resource, id }) => (resource === 'variable' ? id : resource));
  return { drift: { differing, compared: items.length, why: null }, cost };
}

/** Returns the jobs of each queue; null when Redis does not say. */
async function readQueues(deps: StatusDeps, resources: Resources, signal: AbortSignal): Promise<EnvironmentStatus['queues']> {
  const gauge = deps.openQueues(resources.cacheAccess.get().url);
  try {
    return (await gauge.read(signal)).queues ?? null;
  } catch {
    signal.throwIfAborted();
    return null;
  } finally {
    await gauge.close();
  }
}

async function migrationStatus(deps: StatusDeps, signal: AbortSignal): Promise<NonNullable<EnvironmentStatus['migrations']>> {
  const applied = await deps.openDatabase().appliedMigrations(signal);
  const folder = await deps.readMigrations();
  return { head: migrationHead(applied), applied: applied.length, pending: pendingMigrations(folder.migrations, applied).length };
}

async function restorePointStatus(
  deps: StatusDeps,
  history: readonly ReleaseRecord[],
  signal: AbortSignal,
): Promise<NonNullable<EnvironmentStatus['restorePoints']>> {
  const named = history.flatMap(({ restorePoint }) => (restorePoint === null ? [] : [restorePoint]));
  const points = await deps.restorePoints().list(named, signal);
  const nowMs = deps.clock.nowMs();
  return {
    points: points.map((point) => ({ ...point, ageMs: nowMs - Date.parse(point.createdAt) })),
    keep: deps.settings.restorePoints.keep,
  };
}
