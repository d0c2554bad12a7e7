import type { Cache } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Deployments } from '../../core/ports/hosting.ts';
import type { ManagedPlatforms } from '../../core/ports/managed.ts';
import type { PreviewDatabases, PreviewHosting, SourceBranches } from '../../core/ports/previews.ts';
import type { AppSource } from '../../core/ports/source.ts';
import { previewMeta, type Preview, previewsOf } from '../../core/preview/previews.ts';
import type { SmokeDetails } from '../../core/report.ts';
import type { StageRun } from '../../core/run/stage.ts';
import type { EnvReference, StagingSettings } from '../../core/settings.ts';
import type { LeaseDeps } from '../lease.ts';
import type { SchemaDeps } from '../provision/schema.ts';
import type { ResourceDeps, Resources } from '../resources.ts';
import type { SeedDetails } from '../seed/parts.ts';

/** One preview's own settings and resources, and the stages on them. */
export interface PreviewWorld {
  readonly settings: StagingSettings;
  readonly resources: Resources;
  /** Its address: origin with scheme and port. */
  readonly origin: string;
  readonly hostname: string;
  readonly schema: SchemaDeps;
  seed(): StageRun<SeedDetails>;
  smoke(gitSha: string, deploymentId: string): StageRun<SmokeDetails>;
  /** Returns what of the database's gateway does not answer yet, or undefined. */
  gatewayMissing(signal: AbortSignal): Promise<string | undefined>;
}

/** What previews need beside finding the environment's resources. */
export interface PreviewDeps extends ResourceDeps, LeaseDeps {
  readonly clock: Clock;
  readonly source: AppSource;
  /** Folder of an output that is built already, absolute: nothing is built then. */
  readonly prebuilt?: string | undefined;
  readonly branches: SourceBranches;
  readonly deployments: Deployments;
  readonly previewHosting: PreviewHosting;
  readonly previewDatabases: PreviewDatabases;
  readonly managed: ManagedPlatforms;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  readonly openCache: () => Cache;
  /** Returns the origin that a host name of ours answers at. */
  readonly originOf: (hostname: string) => string;
  /** Returns a new id for one run of `preview up`. */
  readonly newPreviewId: () => string;
  readonly open: (slug: string) => PreviewWorld;
}

/** Returns the previews of the environment; its resources are located by then. */
export async function findPreviews(deps: PreviewDeps, resources: Resources, signal: AbortSignal): Promise<readonly Preview[]> {
  const meta = { [previewMeta.kind]: 'preview', [previewMeta.environment]: deps.settings.environment };
  const [deployments, databases] = await Promise.all([
    deps.deployments.findByMeta(resources.project.get().id, meta, signal),
    deps.previewDatabases.list(resources.database.get().ref, signal),
  ]);
  return previewsOf(deployments, databases);
}
