import { resolve } from 'node:path';
import { destroyStage } from '../stages/destroy.ts';
import { deployStage } from '../stages/deploy/deploy.ts';
import { planRun } from '../stages/plan/plan.ts';
import { provisionStage } from '../stages/provision/provision.ts';
import { emptyResources } from '../stages/resources.ts';
import { seedStage } from '../stages/seed/seed.ts';
import { unlock } from '../stages/unlock.ts';
import { upRun } from '../stages/up.ts';
import { openEventFile } from '../adapters/files/event-file.ts';
import type { App } from './app.ts';
import type { Context } from './context.ts';
import { openDeps } from './deps.ts';
import { ciCommands } from './ci-commands.ts';
import { initCommands } from './init-commands.ts';
import { docsCommands } from './docs-commands.ts';
import { envCommands } from './env-commands.ts';
import { secretCommands } from './secret-commands.ts';
import { gatesOf } from './gates.ts';
import { migrateCommands } from './migrate-commands.ts';
import { localCloud, localPreparation } from './local-cloud.ts';
import { issuesOf } from './issues.ts';
import { lookingAt } from './looking.ts';
import { runGuard } from './run-guard.ts';
import { planFiles } from './plan-files.ts';
import { previewCommands } from './preview.ts';
import { releaseStages } from './release-stages.ts';
import { tellingOf } from './telling.ts';
import { unlockPlaces } from './unlock-places.ts';

/** Returns the tool's parts wired up in a context; `waitMs` is how long to wait for another run's lock. */
export function appOf(context: Context, waitMs: number): App {
  const { request, clock } = context;
  const startedAtMs = clock.nowMs();
  const eventFile = eventFileOf(request);
  const resources = emptyResources();
  const typed = new Set<string>();
  const hide = (value: string) => void typed.add(value);
  const local = localCloud(context);
  const guard = runGuard(context, waitMs, { openLeases: () => deps.openLeases(), openHolds: () => deps.openHolds() });
  const deps = openDeps(context, resources, guard, local);
  const { close: closeGates, smokeOn, ...gates } = gatesOf(context, deps, resources);
  const preview = previewCommands(context, deps, resources, (own, ofPreview) => openDeps(own, ofPreview, guard, local));
  const migrate = migrateCommands(context, deps, resources, hide);
  const { issues, close: closeIssues } = issuesOf(context, deps, () => local.running());
  const own = { runId: guard.runId, startedAtMs, local: () => local.running() };
  const stages = {
    // `up` is asked for as a whole: it takes over nothing, and asks nothing.
    provision: () => provisionStage(deps.provision(), resources),
    deploy: () => deployStage(deps.deploy(smokeOn, {}), resources),
    seed: () => seedStage(deps.seed(), resources, { profile: context.settings().seed.profile }),
    smoke: () => gates.smoke({}),
    perf: () => gates.perf({}),
    load: () => gates.load({ engine: 'auto' }),
  };
  return {
    ...stages,
    plan: (choice) => planRun(deps.plan(), emptyResources(), choice),
    planFiles: planFiles(context),
    provision: (choice) => provisionStage(deps.provision(), resources, choice),
    secrets: () => [...deps.secrets(), ...preview.secrets(), ...typed],
    preview,
    process: context.process,
    preparation: localPreparation(context, local, deps),
    seed: (choice) => seedStage(deps.seed(), resources, { ...choice, profile: choice.profile ?? context.settings().seed.profile }),
    ...gates,
    watch: (choice) => gates.watch(choice, guard.runId),
    ...releaseStages(deps, smokeOn, resources),
    destroy: (options) => destroyStage(deps.destroy(), resources, options),
    up: (selection) => upRun(stages, selection, clock),
    ...lookingAt(context, deps, resources, own),
    unlock: (id, confirm) => {
      const { name } = context.settings();
      return unlock(unlockPlaces(context, deps, resources), id, { environment: name, confirmed: confirm === name }, request.signal);
    },
    eventFile: eventFile?.write,
    runSteps: guard.runSteps,
    ...tellingOf(context, { deps, resources, local: own.local, hide }, own),
    ...generators(context, () => gates.loadScript({ engine: 'auto', url: `https://${context.settings().domain}` })),
    issues,
    docs: docsCommands(context, deps, resources),
    env: envCommands(context, deps, resources),
    migrate,
    secretCommands: secretCommands(context, deps, resources, hide),
    local,
    close: async () => {
      await guard.close(() => Promise.allSettled([closeGates(), closeIssues(), preview.close(), migrate.close(), deps.close()]));
      eventFile?.close();
    },
  };
}

/** What writes files into the user's repository. */
function generators(context: Context, loadScript: () => string): Pick<App, 'ci' | 'init'> {
  return { ci: ciCommands(context), init: initCommands(context, loadScript) };
}

function eventFileOf({ events, cwd }: Context['request']): ReturnType<typeof openEventFile> | undefined {
  return events === undefined || events === '-' ? undefined : openEventFile(resolve(cwd, events));
}
