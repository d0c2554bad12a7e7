import { migrationHead, pendingMigrations } from '../core/release/migrations.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Deployments } from '../core/ports/hosting.ts';
import type { RestorePoints } from '../core/ports/restore-points.ts';
import { liveRelease, type ReleaseRecord } from '../core/release/release.ts';
import type { EnvironmentStatus } from '../core/status.ts';
import { notLiveVariables } from '../core/variables/since-release.ts';
import { findCache, findDatabase, findProject, readAccess, type ResourceDeps, type Resources } from './resources.ts';
import type { SchemaDeps } from './provision/schema.ts';

/** What reading the status needs beside finding resources. */
export interface StatusDeps extends ResourceDeps, SchemaDeps {
  readonly deployments: Deployments;
  readonly openUrl: () => Promise<string>;
  readonly restorePoints: () => RestorePoints;
  readonly clock: Clock;
}

/** Returns the environment's state as the vendors and the release records tell it; changes nothing. */
export async function environmentStatus(deps: StatusDeps, resources: Resources, signal: AbortSignal): Promise<EnvironmentStatus> {
  const { settings } = deps;
  const [project, database, cache] = await Promise.all([
    findProject(deps, resources, signal),
    findDatabase(deps, resources, signal),
    findCache(deps, resources, signal),
  ]);
  const live = project === undefined ? undefined : await deps.deployments.live(project.id, settings.domain, signal);
  const readable = database !== undefined && cache !== undefined;
  if (readable) await readAccess(deps, resources, signal);
  const history = readable ? await deps.openDatabase().releases(settings.environment, signal) : [];
  const newest = liveRelease(history);
  return {
    name: settings.name,
    environment: settings.environment,
    target: settings.target,
    url: deps.appOrigin,
    openUrl: await deps.openUrl(),
    resources: { vercelProject: project?.id ?? null, supabaseProject: database?.ref ?? null, upstashDatabase: cache?.id ?? null },
    liveDeployment: live?.id ?? null,
    recordMatches: newest === undefined || live === undefined ? null : newest.vercelDeploymentId === live.id,
    autoAssignDomains: project?.autoAssignDomains ?? null,
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
