import { StagingError } from '../../core/errors.ts';
import { liveRelease, type ReleaseRecord } from '../../core/release/release.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import { protectionStep } from '../provision/schema.ts';
import type { Resources } from '../resources.ts';
import { keptRecordsStep } from '../rollback/database.ts';
import { resumeStep } from '../rollback/queues.ts';
import { holdVerdict } from '../rollback/rollback.ts';
import { buildStep, placeStep, sourceStep } from './build.ts';
import { type DeployDeps, type DeployDetails, type DeployFacts, type DeployOptions, emptyDeployFacts, plainDeploy } from './deps.ts';
import { migrateStep, phasesStep, rehearseStep, restorePointStep } from './migrate.ts';
import { moveStep } from './move.ts';
import { appendRecovered, findUnrecorded } from './recover.ts';
import { deployFindings, recordStep } from './record.ts';
import { createStep, readyStep, variablesStep } from './upload.ts';

/**
 * Returns the stage that puts out a release: the deployment is created beside the live one, the schema widened, the deployment smoked on
 * its own address, and only then the domain moved; the release record comes last.
 */
export function deployStage(deps: DeployDeps, resources: Resources, options: DeployOptions = plainDeploy): StageRun<DeployDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts = emptyDeployFacts();
  const { domain } = deps.settings;
  return {
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      resumeStep(deps, 'Resume queues that a rollback left paused'),
      keptRecordsStep(deps),
      historyStep(deps, resources, facts),
      placeStep(deps, facts),
      phasesStep(deps, facts, options),
      rehearseStep(deps, options),
      buildStep(deps, resources, facts, options),
      sourceStep(deps, facts),
      variablesStep(deps, resources, facts),
      createStep(deps, resources, facts),
      recoverStep(deps, facts),
      readyStep(deps, facts, options),
      restorePointStep(deps, facts, options),
      migrateStep(deps, resources, facts),
      protectionStep(deps, deps.settings.supabase.tableWaivers),
      firstSeedStep(deps, facts),
      smokeStep(
        deps,
        facts,
        { id: 'smoke-deployment', title: 'Smoke on the deployment’s own address', hold: false },
        () => facts.deployment.get().url,
      ),
      moveStep(deps, resources, facts),
      smokeStep(deps, facts, { id: 'smoke-domain', title: `Smoke on ${domain}`, hold: !options.autoRollback }, () => deps.appOrigin),
      recordStep(deps, resources, facts),
      ...(options.autoRollback ? [] : [heldVerdictStep(facts)]),
    ],
    result: () => {
      const record = facts.record.peek();
      if (record === undefined) return undefined;
      return stageResult('deploy', deployFindings(domain, facts), startedAtMs, deps.clock, {
        releaseId: record.id,
        deploymentId: record.vercelDeploymentId,
        url: record.url,
        gitSha: record.gitSha,
        dirty: record.dirty,
        migrationHead: record.migrationHead,
        contractWaiting: facts.phases.get().waiting.map(({ file }) => file),
        variablesChanged: facts.variablesChanged.get(),
        continued: facts.continued.peek() ?? false,
        previous: record.previous,
      });
    },
  };
}

function historyStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'history',
    title: 'Read the release history',
    run: async (io) => {
      const { id } = resources.project.get();
      const recorded = await deps.openDatabase().releases(deps.settings.environment, io.signal);
      const served = await deps.deployments.live(id, deps.settings.domain, io.signal);
      facts.recovered.set(await findUnrecorded(deps, id, { served, history: recorded }, io.signal));
      const history = [...recorded, ...facts.recovered.get()];
      facts.history.set(history);
      const live = liveRelease(history);
      return live === undefined ? 'no release yet' : `${history.length} releases, ${live.id} is live`;
    },
  };
}

/** Once it is known whether this run carries on with what is served: its record is then written at the end, whole. */
function recoverStep(deps: DeployDeps, facts: DeployFacts): Step {
  return {
    id: 'recover',
    title: 'Record releases that were cut off',
    mutates: true,
    skip: () => (facts.recovered.peek()?.length === 0 ? 'every release is recorded' : undefined),
    run: async (io) => {
      const isOther = ({ vercelDeploymentId }: ReleaseRecord) => vercelDeploymentId !== facts.deployment.get().id;
      facts.history.set(facts.history.get().filter(isOther));
      return await appendRecovered(deps, facts.recovered.get().filter(isOther), io);
    },
  };
}

function firstSeedStep(deps: DeployDeps, facts: DeployFacts): Step {
  return {
    id: 'first-seed',
    title: 'Seed for the first smoke',
    skip: () => ((facts.history.peek() ?? []).length > 0 ? 'not the first release' : undefined),
    steps: () => {
      const run = deps.seed();
      facts.seeded.set(run);
      return run.steps;
    },
  };
}

/** Says of a red verdict what stands once the deploy has been taken back, and where to see why. */
function goingBack(step: Step, facts: DeployFacts, isMoved: boolean): Step {
  return {
    ...step,
    run: async (io) => {
      try {
        return await step.run?.(io);
      } catch (error) {
        if (!(error instanceof StagingError)) throw error;
        const { kind, code, message, fix, data } = error;
        const before = liveRelease(facts.history.get())?.id;
        const stands =
          before === undefined ? 'There was no release before it' : `Release ${before} is ${isMoved ? 'live again' : 'still live'}`;
        const onceUndone = `${stands}; ${facts.releaseId.get()} was taken back. \`jv-staging logs\` shows what was written meanwhile.`;
        throw new StagingError(kind, code, message, { fix, data, cause: error, onceUndone });
      }
    },
  };
}

function smokeStep(
  deps: DeployDeps,
  facts: DeployFacts,
  { id, title, hold }: { readonly id: string; readonly title: string; readonly hold: boolean },
  origin: () => string,
): Step {
  const verdictOf = (step: Step) => (hold ? holdVerdict(step, facts.red) : goingBack(step, facts, id === 'smoke-domain'));
  return {
    id,
    title,
    steps: () => {
      const run = deps.smoke(origin(), facts.source.get().sha, facts.deployment.get().id, { settles: !hold });
      return [
        ...run.steps.map((step) => (step.id === 'verdict' ? verdictOf(step) : step)),
        {
          id: 'keep',
          title: 'Keep the verdict',
          run: async () => {
            const result = run.result();
            if (result === undefined) throw new Error('Smoke has run but has no result.');
            facts.gates.push({ ...result, stage: id });
          },
        },
      ];
    },
  };
}

/** With `--no-auto-rollback` a red release stays and is recorded as red; the run ends red all the same. */
function heldVerdictStep(facts: DeployFacts): Step {
  return {
    id: 'verdict',
    title: 'Verdict of smoke on the domain',
    run: async () => {
      const error = facts.red.peek();
      if (error !== undefined) throw error;
      return 'green';
    },
  };
}
