import type { Deployment } from '../../core/ports/hosting.ts';
import { recoveredReleases, releaseMeta, unrecordedDeployments } from '../../core/release/recover.ts';
import { liveRelease, type ReleaseRecord } from '../../core/release/release.ts';
import type { StepIo } from '../../core/run/step.ts';
import type { DeployDeps } from './deps.ts';

/** What finding releases that no record names needs. */
export type RecoverDeps = Pick<DeployDeps, 'settings' | 'deployments' | 'projects' | 'openDatabase' | 'restorePoints' | 'actor'>;

/**
 * Returns the records of the releases that are live, or were before, and that no record names: a deploy was cut off between moving the
 * domain and writing its record, or the records were lost. Read from what each deployment says of itself in its meta; empty when the
 * deployment that is served is recorded or not one of ours. Changes nothing.
 */
export async function findUnrecorded(
  deps: RecoverDeps,
  projectId: string,
  { served, history }: { readonly served: Deployment | undefined; readonly history: readonly ReleaseRecord[] },
  signal: AbortSignal,
): Promise<readonly ReleaseRecord[]> {
  const { environment } = deps.settings;
  if (served === undefined || served.meta[releaseMeta.environment] !== environment) return [];
  if (unrecordedDeployments(served, [], history).length === 0) return [];
  const ours = await deps.deployments.findByMeta(projectId, { [releaseMeta.environment]: environment }, signal);
  return recoveredReleases(unrecordedDeployments(served, ours, history), {
    environment,
    newest: liveRelease(history),
    applied: await deps.openDatabase().appliedMigrations(signal),
    variables: await deps.projects.variables(projectId, signal),
    restorePoints: await deps.restorePoints().list([], signal),
    actor: deps.actor,
  });
}

/** Appends recovered records and returns what was done, in one line. */
export async function appendRecovered(
  deps: Pick<RecoverDeps, 'openDatabase'>,
  records: readonly ReleaseRecord[],
  io: StepIo,
): Promise<string> {
  for (const record of records) await deps.openDatabase().appendRelease(record, io.signal);
  return `${records.map(({ id, vercelDeploymentId }) => `${id} (${vercelDeploymentId})`).join(', ')} recorded from the deployment’s own meta`;
}
