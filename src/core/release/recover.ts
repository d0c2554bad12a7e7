import type { AppliedMigration } from '../ports/database.ts';
import type { Deployment, ListedVariable } from '../ports/hosting.ts';
import type { RestorePoint } from '../ports/restore-points.ts';
import { isTakenFor } from '../restore/need.ts';
import type { ReleaseRecord } from './release.ts';

/** What a deploy writes into its deployment's `meta`, so that the release can be told from the deployment alone. */
export const releaseMeta = {
  release: 'jvRelease',
  /** Id of the release whose deployment was live before; missing for the first. */
  previous: 'jvPrevious',
  environment: 'jvEnvironment',
  migrations: 'jvMigrations',
  dirty: 'jvDirty',
  commit: 'githubCommitSha',
} as const;

/** What stands in `jvMigrations` of a deployment that ran on no migration. */
export const noMigrations = 'none';

/**
 * Returns the deployments of releases that no record names, oldest first: the one that is served and, by their meta, those before it down
 * to one that a record names. `deployments` are those of the environment, in any order.
 */
export function unrecordedDeployments(
  served: Deployment,
  deployments: readonly Deployment[],
  history: readonly ReleaseRecord[],
): readonly Deployment[] {
  const recorded = new Set(history.flatMap(({ id, vercelDeploymentId }) => [id, vercelDeploymentId]));
  const byRelease = new Map(deployments.map((deployment) => [deployment.meta[releaseMeta.release], deployment]));
  const chain: Deployment[] = [];
  let next: Deployment | undefined = served;
  while (next !== undefined && !recorded.has(next.id) && !chain.includes(next)) {
    const release: string | undefined = next.meta[releaseMeta.release];
    if (release === undefined || recorded.has(release)) break;
    chain.unshift(next);
    const previous: string | undefined = next.meta[releaseMeta.previous];
    next = previous === undefined ? undefined : byRelease.get(previous);
  }
  return chain;
}

/** What a record is made from, beside its deployment's meta. */
export interface RecoveryFacts {
  readonly environment: string;
  /** The newest record; undefined when there is none. */
  readonly newest: ReleaseRecord | undefined;
  /** By the database's own ledger. */
  readonly applied: readonly AppliedMigration[];
  /** The project's variables as they are now. */
  readonly variables: readonly ListedVariable[];
  /** Those that are there. */
  readonly restorePoints: readonly RestorePoint[];
  /** Who recovers. */
  readonly actor: string;
}

/**
 * Returns the records of deployments that were put out but not recorded, in their order. What nothing tells any more is left empty, and so
 * that nothing is taken for proven: no gates, no contract migration that waited, no snapshot; of the variables those that have not been
 * written since.
 */
export function recoveredReleases(deployments: readonly Deployment[], facts: RecoveryFacts): readonly ReleaseRecord[] {
  const records: ReleaseRecord[] = [];
  for (const deployment of deployments) records.push(recoveredRelease(deployment, records.at(-1) ?? facts.newest, facts));
  return records;
}

function recoveredRelease(
  { id, url, meta, createdAt }: Deployment,
  before: ReleaseRecord | undefined,
  { environment, applied, variables, restorePoints, actor }: RecoveryFacts,
): ReleaseRecord {
  const release = meta[releaseMeta.release] ?? id;
  const head = meta[releaseMeta.migrations] ?? noMigrations;
  const ranOn = applied.filter(({ version }) => head !== noMigrations && version <= head);
  const madeMs = Date.parse(createdAt);
  const unchanged = variables.flatMap(({ name, fingerprint, updatedAtMs }) =>
    fingerprint === null || updatedAtMs === null || updatedAtMs > madeMs ? [] : [[name, fingerprint] as const],
  );
  return {
    id: release,
    environment,
    kind: 'deploy',
    gitSha: meta[releaseMeta.commit] ?? '0'.repeat(40),
    dirty: meta[releaseMeta.dirty] === 'true',
    vercelDeploymentId: id,
    url,
    migrationHead: head === noMigrations ? null : head,
    migrationChecksums: Object.fromEntries(
      ranOn.flatMap(({ version, checksum }) => (typeof checksum === 'string' ? [[version, checksum] as const] : [])),
    ),
    contractWaiting: [],
    envFingerprints: Object.fromEntries(unchanged),
    envSnapshot: null,
    seedVersion: before?.seedVersion ?? null,
    restorePoint: restorePoints.find((point) => isTakenFor(point, release))?.id ?? null,
    restoreMark: null,
    gates: [],
    smokeChecks: null,
    createdAt,
    actor: `unknown, recorded later by ${actor}`,
    previous: before?.id ?? null,
  };
}
