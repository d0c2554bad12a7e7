import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Deployment, Deployments, DomainMoves } from '../../core/ports/hosting.ts';
import type { Sealing } from '../../core/ports/secret-file.ts';
import type { AppSource, SourceState } from '../../core/ports/source.ts';
import { liveRelease, type ReleaseRecord } from '../../core/release/release.ts';
import type { SmokeDetails } from '../../core/report.ts';
import type { EnvReference } from '../../core/settings.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { StageResult } from '../../core/verdict.ts';
import { buildStep, createStep, readyStep, sourceStep } from './build.ts';
import { deployFindings, recordStep } from './record.ts';
import { type LeaseDeps, leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import { type ResourceDeps, type Resources } from '../resources.ts';
import { migrate, protectionStep, type SchemaDeps } from '../provision/schema.ts';
import type { SeedDetails } from '../seed.ts';

/** What deploying needs beside finding resources. */
export interface DeployDeps extends ResourceDeps, SchemaDeps, LeaseDeps {
  readonly clock: Clock;
  readonly source: AppSource;
  readonly deployments: Deployments;
  readonly moves: DomainMoves;
  readonly sealing: () => Promise<Sealing>;
  readonly readSecret: (reference: EnvReference) => string | undefined;
  /** Returns a new, time-ordered release id. */
  readonly newReleaseId: () => string;
  /** Who runs this: `user@host`, or the CI job. */
  readonly actor: string;
  /** The smoke stage on an address, expecting this commit and this deployment. */
  readonly smoke: (origin: string, gitSha: string, deploymentId: string) => StageRun<SmokeDetails>;
  /** The seed stage with the configured profile. */
  readonly seed: () => StageRun<SeedDetails>;
}

/** What deploying reports beside its findings. */
export interface DeployDetails {
  readonly releaseId: string;
  readonly deploymentId: string;
  /** The deployment's own address. */
  readonly url: string;
  readonly gitSha: string;
  readonly dirty: boolean;
  readonly migrationHead: string | null;
  /** Id of the release before, or null. */
  readonly previous: string | null;
}

/** What the steps of one deploy find out for one another. */
export interface DeployFacts {
  readonly source: Slot<SourceState>;
  readonly history: Slot<readonly ReleaseRecord[]>;
  readonly deployment: Slot<Deployment>;
  /** What the domain pointed to before this deploy moved it. */
  readonly liveBefore: Slot<{ readonly deployment: Deployment | undefined }>;
  readonly seeded: Slot<StageRun<SeedDetails>>;
  readonly gates: StageResult[];
  readonly record: Slot<ReleaseRecord>;
  readonly releaseId: string;
}

/**
 * Returns the stage that puts out a release: the deployment is created beside the live one, the schema brought up to date, the
 * deployment smoked on its own address, and only then the domain moved; the release record comes last.
 */
export function deployStage(deps: DeployDeps, resources: Resources): StageRun<DeployDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: DeployFacts = {
    source: slot('source state'),
    history: slot('release history'),
    deployment: slot('deployment'),
    liveBefore: slot('live deployment'),
    seeded: slot('seed run'),
    gates: [],
    record: slot('release record'),
    releaseId: deps.newReleaseId(),
  };
  return {
    steps: [
      locateStep(deps, resources),
      leaseStep(deps),
      historyStep(deps, facts),
      buildStep(deps),
      sourceStep(deps, facts),
      createStep(deps, resources, facts),
      readyStep(deps, facts),
      { id: 'migrate', title: 'Apply pending migrations', mutates: true, run: (io) => migrate(deps, io) },
      protectionStep(deps),
      firstSeedStep(deps, facts),
      smokeStep(deps, facts, 'smoke-deployment', 'Smoke on the deployment’s own address', () => facts.deployment.get().url),
      moveStep(deps, resources, facts),
      smokeStep(deps, facts, 'smoke-domain', `Smoke on ${deps.settings.domain}`, () => deps.appOrigin),
      recordStep(deps, resources, facts),
    ],
    result: () => {
      const record = facts.record.peek();
      if (record === undefined) return undefined;
      return stageResult('deploy', deployFindings(deps.settings.domain, record, facts.gates), startedAtMs, deps.clock, {
        releaseId: record.id,
        deploymentId: record.vercelDeploymentId,
        url: record.url,
        gitSha: record.gitSha,
        dirty: record.dirty,
        migrationHead: record.migrationHead,
        previous: record.previous,
      });
    },
  };
}

function historyStep(deps: DeployDeps, facts: DeployFacts): Step {
  return {
    id: 'history',
    title: 'Read the release history',
    run: async (io) => {
      facts.history.set(await deps.openDatabase().releases(deps.settings.environment, io.signal));
      const live = liveRelease(facts.history.get());
      return live === undefined ? 'no release yet' : `${facts.history.get().length} releases, ${live.id} is live`;
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

function smokeStep(deps: DeployDeps, facts: DeployFacts, id: string, title: string, origin: () => string): Step {
  return {
    id,
    title,
    steps: () => {
      const run = deps.smoke(origin(), facts.source.get().sha, facts.deployment.get().id);
      return [
        ...run.steps,
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

function moveStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  const { domain } = deps.settings;
  return {
    id: 'move-domain',
    title: `Move ${domain} to the deployment`,
    mutates: true,
    run: async (io) => {
      guardProduction({ what: 'domain', identities: [domain] }, deps.settings.production);
      const project = resources.project.get();
      facts.liveBefore.set({ deployment: await deps.deployments.live(project.id, domain, io.signal) });
      if (!project.autoAssignDomains) await deps.projects.setAutoAssignDomains(project.id, true, io.signal);
      await deps.moves.promote(project.id, facts.deployment.get().id, io.signal);
      return project.autoAssignDomains ? undefined : 'the pin of the last rollback is undone';
    },
    verify: async (io) => {
      const live = await deps.deployments.live(resources.project.get().id, domain, io.signal);
      if (live?.id === facts.deployment.get().id) return;
      throw new StagingError(
        'vendor',
        'DEPLOY_DOMAIN_NOT_MOVED',
        `${domain} points to ${live?.id ?? 'nothing'}, expected ${facts.deployment.get().id}.`,
        {
          fix: 'Run `jv-staging deploy` again.',
        },
      );
    },
    undo: async (io) => {
      const known = facts.liveBefore.peek();
      if (known === undefined) return;
      const { deployment: before } = known;
      const live = await deps.deployments.live(resources.project.get().id, domain, io.signal);
      if (live?.id === before?.id) return;
      if (before === undefined) throw new Error(`There was no deployment on ${domain} before, so the domain stays where it is.`);
      await deps.moves.rollback(resources.project.get().id, before.id, io.signal);
    },
  };
}
