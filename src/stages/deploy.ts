import { StagingError } from '../core/errors.ts';
import { guardProduction } from '../core/guard.ts';
import { migrationHead } from '../core/migrations.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Deployment, Deployments, DomainMoves, UploadProgress } from '../core/ports/hosting.ts';
import type { Sealing } from '../core/ports/secret-file.ts';
import type { AppSource, SourceState } from '../core/ports/source.ts';
import { liveRelease, type ReleaseRecord } from '../core/release.ts';
import type { SmokeDetails } from '../core/report.ts';
import type { EnvReference } from '../core/settings.ts';
import { type Slot, slot } from '../core/slot.ts';
import type { StageRun } from '../core/stage.ts';
import { stageResult } from '../core/stage-result.ts';
import type { Step } from '../core/step.ts';
import { resolveVariables } from '../core/variables.ts';
import type { StageResult } from '../core/verdict.ts';
import { waitUntil } from '../core/wait.ts';
import { locateStep, type ResourceDeps, type Resources, resourceFactsOf } from './resources.ts';
import { migrate, protectionStep, type SchemaDeps } from './schema.ts';
import type { SeedDetails } from './seed.ts';

/** What deploying needs beside finding resources. */
export interface DeployDeps extends ResourceDeps, SchemaDeps {
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
  /** The smoke stage on an address, expecting this commit. */
  readonly smoke: (origin: string, gitSha: string) => StageRun<SmokeDetails>;
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
interface DeployFacts {
  readonly source: Slot<SourceState>;
  readonly history: Slot<readonly ReleaseRecord[]>;
  readonly deployment: Slot<Deployment>;
  readonly liveBefore: Slot<Deployment | undefined>;
  readonly seeded: Slot<StageRun<SeedDetails>>;
  readonly gates: StageResult[];
  readonly record: Slot<ReleaseRecord>;
  readonly releaseId: string;
}

/** How long a deployment may take to become ready. */
const readyDeadlineMs = 15 * 60_000;

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
      return stageResult('deploy', deployFindings(deps, record, facts), startedAtMs, deps.clock, {
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

function buildStep(deps: DeployDeps): Step {
  const { build, dir } = deps.settings.app;
  return {
    id: 'build',
    title: 'Build the app',
    skip: () => (build === undefined ? 'no build command configured' : undefined),
    run: async (io) => {
      if (build !== undefined) await deps.source.build(build, dir, io.note, io.signal);
    },
  };
}

function sourceStep(deps: DeployDeps, facts: DeployFacts): Step {
  return {
    id: 'source',
    title: 'Read the commit',
    run: async (io) => {
      facts.source.set(await deps.source.state(io.signal));
      const { sha, dirty } = facts.source.get();
      return `${sha.slice(0, 12)}${dirty ? ', with uncommitted changes' : ''}`;
    },
  };
}

function createStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'upload',
    title: 'Upload and create the deployment',
    mutates: true,
    run: async (io) => {
      const project = resources.project.get();
      guardProduction({ what: 'Vercel project', identities: [project.id, project.name] }, deps.settings.production);
      const last: { progress: UploadProgress | undefined } = { progress: undefined };
      const onProgress = (progress: UploadProgress) => {
        last.progress = progress;
        io.note(`${progress.sent} of ${progress.filesToSend} files sent`);
      };
      const { sha, dirty, branch } = facts.source.get();
      const meta = {
        jvRelease: facts.releaseId,
        jvEnvironment: deps.settings.environment,
        jvDirty: String(dirty),
        githubCommitSha: sha,
        ...(branch === null ? {} : { githubCommitRef: branch }),
      };
      const deployment = { projectId: project.id, projectName: project.name, outputDir: deps.settings.app.output, meta };
      facts.deployment.set(await deps.deployments.create(deployment, onProgress, io.signal));
      const { files, sent } = last.progress ?? { files: 0, sent: 0 };
      return `${facts.deployment.get().id}: ${files} files, ${sent} sent`;
    },
  };
}

function readyStep(deps: DeployDeps, facts: DeployFacts): Step {
  const refresh = async (signal: AbortSignal) => {
    const current = await deps.deployments.get(facts.deployment.get().id, signal);
    facts.deployment.set(current);
    if (current.state === 'error' || current.state === 'canceled') {
      throw new StagingError(
        'red',
        'DEPLOY_FAILED',
        `Deployment ${current.id} ended as ${current.state}, expected ready: ${current.failure ?? 'the platform gives no reason'}`,
        {
          fix: 'Correct the app’s build output, then run `jv-staging deploy` again.',
        },
      );
    }
    return current.state === 'ready' ? undefined : `${current.id}, which is ${current.state}`;
  };
  return {
    id: 'ready',
    title: 'Wait until the deployment is ready',
    run: async (io) => {
      await waitUntil(() => refresh(io.signal), {
        clock: deps.clock,
        signal: io.signal,
        deadlineMs: readyDeadlineMs,
        intervalMs: 300,
        onWaiting: io.note,
        late: (missing) =>
          new StagingError(
            'vendor',
            'DEPLOY_NOT_READY',
            `After ${readyDeadlineMs / 60_000} minutes the deployment is not ready: ${missing}.`,
            {
              fix: 'Run `jv-staging deploy` again, or look at the deployment’s log.',
            },
          ),
      });
      return facts.deployment.get().url;
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
      const run = deps.smoke(origin(), facts.source.get().sha);
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
      facts.liveBefore.set(await deps.deployments.live(project.id, domain, io.signal));
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
      const before = facts.liveBefore.get();
      if (before === undefined) throw new Error(`There was no deployment on ${domain} before, so the domain stays where it is.`);
      await deps.moves.rollback(resources.project.get().id, before.id, io.signal);
    },
  };
}

function recordStep(deps: DeployDeps, resources: Resources, facts: DeployFacts): Step {
  return {
    id: 'record',
    title: 'Write the release record',
    mutates: true,
    run: async (io) => {
      const folder = await deps.readMigrations();
      const applied = await deps.openDatabase().appliedMigrations(io.signal);
      const versions = new Set(applied.map((migration) => migration.version));
      const sealing = await deps.sealing();
      const { variables } = resolveVariables(deps.settings.env, resourceFactsOf(deps, resources), deps.readSecret);
      const { sha, dirty } = facts.source.get();
      const record: ReleaseRecord = {
        id: facts.releaseId,
        environment: deps.settings.environment,
        kind: 'deploy',
        gitSha: sha,
        dirty,
        vercelDeploymentId: facts.deployment.get().id,
        url: facts.deployment.get().url,
        migrationHead: migrationHead(applied),
        migrationChecksums: Object.fromEntries(
          folder.migrations.filter((file) => versions.has(file.version)).map((file) => [file.version, file.checksum]),
        ),
        envFingerprints: Object.fromEntries(variables.map((variable) => [variable.name, sealing.fingerprint(variable.value)])),
        envSnapshot: sealing.seal(Object.fromEntries(variables.map((variable) => [variable.name, variable.value]))),
        seedVersion: facts.seeded.peek()?.result()?.details.seedVersion ?? liveRelease(facts.history.get())?.seedVersion ?? null,
        restorePoint: null,
        gates: facts.gates.map(({ stage, verdict, summary }) => ({ gate: stage, verdict, summary })),
        createdAt: new Date(deps.clock.nowMs()).toISOString(),
        actor: deps.actor,
        previous: liveRelease(facts.history.get())?.id ?? null,
      };
      await deps.openDatabase().appendRelease(record, io.signal);
      facts.record.set(record);
      return record.id;
    },
  };
}

function deployFindings(deps: DeployDeps, record: ReleaseRecord, facts: DeployFacts) {
  return [
    {
      id: 'release',
      title: `Release on ${deps.settings.domain}`,
      verdict: 'green' as const,
      seen: `${record.id}, commit ${record.gitSha.slice(0, 12)}${record.dirty ? ' and uncommitted changes' : ''}`,
      expected: 'live and recorded',
    },
    ...facts.gates.map((gate) => ({
      id: gate.stage,
      title: gate.stage === 'smoke-domain' ? 'Smoke on the domain' : 'Smoke on the deployment',
      verdict: gate.verdict,
      seen: gate.summary,
      expected: 'all green',
    })),
  ];
}
