import { resolve } from 'node:path';
import { gitBranches } from '../adapters/source/git-branches.ts';
import { newId } from '../adapters/system/ids.ts';
import { childEnvironment } from '../config/environment.ts';
import { previewHostname } from '../core/preview/names.ts';
import { previewSettings } from '../core/preview/settings.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { PreviewDeps, PreviewWorld } from '../stages/preview/deps.ts';
import { listPreviewsStage, type PreviewListDetails } from '../stages/preview/list.ts';
import { type RemovePreviewDetails, type RemovePreviewOptions, removePreviewsStage } from '../stages/preview/remove.ts';
import { type PreviewUpDetails, previewUpStage } from '../stages/preview/up.ts';
import { emptyResources, type Resources } from '../stages/resources.ts';
import { seedStage } from '../stages/seed/seed.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { gatesOf } from './gates.ts';

/** What `preview up` was asked for. */
export interface PreviewUpChoice {
  /** The one that is checked out when undefined. */
  readonly branch?: string | undefined;
  /** Folder of an output that is built already. */
  readonly prebuilt?: string | undefined;
}

/** What `preview …` does. */
export interface PreviewCommands {
  up(choice: PreviewUpChoice): StageRun<PreviewUpDetails>;
  remove(options: RemovePreviewOptions): StageRun<RemovePreviewDetails>;
  list(): StageRun<PreviewListDetails>;
  secrets(): Iterable<string>;
  close(): Promise<void>;
}

/** Returns the commands; `openDepsFor` opens what works on the resources of one preview. */
export function previewCommands(
  context: Context,
  deps: Deps,
  resources: Resources,
  openDepsFor: (context: Context, resources: Resources) => Deps,
): PreviewCommands {
  const opened: { readonly deps: Deps; close(): Promise<void> }[] = [];
  const originOf = (hostname: string) => deps.platforms().origin(hostname);
  const open = (slug: string): PreviewWorld => {
    const settings = previewSettings(context.settings(), slug);
    const own: Context = { ...context, settings: () => settings };
    const ownResources = emptyResources();
    const ownDeps = openDepsFor(own, ownResources);
    ownDeps.usePlatforms(deps.platforms());
    const gates = gatesOf(own, ownDeps, ownResources);
    opened.push({ deps: ownDeps, close: () => gates.close().then(() => ownDeps.closeConnections()) });
    const hostname = previewHostname(settings.name, slug);
    return {
      settings,
      resources: ownResources,
      hostname,
      origin: originOf(hostname),
      schema: ownDeps.schema(),
      seed: () => seedStage(ownDeps.seed(), ownResources, { profile: settings.seed.profile }),
      smoke: (gitSha, deploymentId) => gates.smokeOn(originOf(hostname), gitSha, deploymentId),
      gatewayMissing: (signal) => deps.platforms().gatewayMissing(ownResources.databaseAccess.get(), signal),
    };
  };
  const previewDeps = (): PreviewDeps => ({
    ...deps.preview(),
    branches: gitBranches(context.settings().app.dir, childEnvironment()),
    newPreviewId: () => newId('prv', context.clock.nowMs()),
    originOf,
    open,
  });
  return {
    up: ({ branch, prebuilt }) => {
      const folder = prebuilt === undefined ? undefined : resolve(context.request.cwd, prebuilt);
      return previewUpStage({ ...previewDeps(), prebuilt: folder }, resources, branch);
    },
    remove: (options) => removePreviewsStage(previewDeps(), resources, options),
    list: () => listPreviewsStage(previewDeps(), resources),
    secrets: () => opened.flatMap((one) => [...one.deps.secrets()]),
    close: async () => {
      await Promise.allSettled(opened.map((one) => one.close()));
    },
  };
}
