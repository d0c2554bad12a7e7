import type { OwnedKind, OwnershipMarker } from '../../core/plan/marker.ts';
import type { Plan } from '../../core/plan/model.ts';
import type { Cache } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { DatabaseAccess } from '../../core/ports/database.ts';
import type { HostingDomain } from '../../core/ports/hosting.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding } from '../../core/verdict.ts';
import { dnsSentence, domainStep } from './domain.ts';
import { keysStep, secretsStep } from './generated-secrets.ts';
import { isolationStep } from '../isolation/isolation.ts';
import { type PlanDeps, type Planned, type PlanOptions, planRun } from '../plan/plan.ts';
import { claimStep, recordStep, refusalStep } from './plan.ts';
import { readyStep } from './ready.ts';
import { type LeaseDeps, leaseStep } from '../lease.ts';
import { cacheStep, type CreatedResources, databaseStep, projectStep } from './resources.ts';
import { bypassStep, settingsStep, wakeStep } from './settings.ts';
import { variablesStep } from './variables.ts';
import type { Resources } from '../resources.ts';
import { migrate, nothingPending, protectionStep, type SchemaDeps } from './schema.ts';

/** What provisioning needs beside finding resources. */
export interface ProvisionDeps extends PlanDeps, SchemaDeps, LeaseDeps {
  readonly clock: Clock;
  /** Returns a new secret of at least 32 random characters, safe in addresses. */
  readonly newSecret: () => string;
  readonly openCache: () => Cache;
  /** Returns what of the project's gateway does not answer (REST, Auth), or undefined when all does. */
  readonly gatewayMissing: (access: DatabaseAccess, signal: AbortSignal) => Promise<string | undefined>;
}

/** What provisioning reports beside its findings. */
export interface ProvisionDetails {
  readonly vercelProject: string;
  readonly supabaseProject: string;
  readonly upstashDatabase: string;
  readonly domain: HostingDomain;
  /** Names of the variables that were written in this run. */
  readonly variablesWritten: readonly string[];
}

/** How provisioning is asked to run. */
export interface ProvisionOptions extends PlanOptions {
  /** The plan that was shown (or saved): another one is refused. */
  readonly expected?: Plan | undefined;
}

/** What the steps of one run share. */
export interface ProvisionRun {
  readonly deps: ProvisionDeps;
  readonly resources: Resources;
  readonly planned: Slot<Planned>;
  /** The ownership marker as it stands on the project by now. */
  readonly marker: Slot<OwnershipMarker>;
  readonly created: CreatedResources;
  readonly expected: Plan | undefined;
}

/** Returns the stage that makes the environment as the plan says: it reads, refuses what is not ours, creates, sets and reads back. */
export function provisionStage(
  deps: ProvisionDeps,
  resources: Resources,
  options: ProvisionOptions = { adopt: false },
): StageRun<ProvisionDetails> {
  const startedAtMs = deps.clock.nowMs();
  const domain = slot<HostingDomain>('domain');
  const written = slot<readonly string[]>('variables written');
  const { steps: planSteps, planned } = planRun(deps, resources, options);
  const run: ProvisionRun = {
    deps,
    resources,
    planned,
    marker: slot<OwnershipMarker>('marker'),
    created: new Set(),
    expected: options.expected,
  };
  const steps: readonly Step[] = [
    ...planSteps,
    refusalStep(run),
    isolationStep(deps, resources),
    secretsStep(deps),
    projectStep(run),
    claimStep(run),
    {
      id: 'data',
      title: 'Supabase project and Upstash database',
      concurrent: true,
      steps: () => [databaseStep(run), cacheStep(run)],
    },
    wakeStep(run),
    readyStep(deps, resources),
    leaseStep(deps),
    keysStep(deps, resources),
    schemaStep(deps),
    protectionStep(deps, deps.settings.supabase.tableWaivers),
    settingsStep(run),
    bypassStep(run),
    domainStep(deps, resources, domain),
    variablesStep(run, written),
    recordStep(run),
  ];
  return {
    steps,
    result: () => {
      if (domain.peek() === undefined || resources.cacheAccess.peek() === undefined) return undefined;
      return stageResult('provision', provisionFindings(deps, resources, domain, run.created), startedAtMs, deps.clock, {
        vercelProject: resources.project.get().id,
        supabaseProject: resources.database.get().ref,
        upstashDatabase: resources.cache.get().id,
        domain: domain.get(),
        variablesWritten: written.peek() ?? [],
      });
    },
  };
}

function schemaStep(deps: ProvisionDeps): Step {
  return {
    id: 'schema',
    title: 'Push the schema',
    mutates: true,
    probe: async (io) => {
      // Once a release is out, migrations belong to a release: `deploy` applies them.
      const releases = await deps.openDatabase().releases(deps.settings.environment, io.signal);
      return releases.length === 0 ? await nothingPending(deps, io) : `left to deploy: ${releases.length} releases are out`;
    },
    run: (io) => migrate(deps, io),
  };
}

function provisionFindings(
  deps: ProvisionDeps,
  resources: Resources,
  domain: Slot<HostingDomain>,
  created: ReadonlySet<OwnedKind>,
): readonly Finding[] {
  const exists = (id: OwnedKind, title: string, seen: string): Finding => ({
    id,
    title,
    verdict: 'green',
    seen: `${seen} (${created.has(id) ? 'created' : 'was there'})`,
    expected: 'exists and answers',
  });
  const { record, verified } = domain.get();
  return [
    exists('vercel-project', 'Vercel project', resources.project.get().id),
    exists('supabase-project', 'Supabase project', resources.database.get().ref),
    exists('upstash-database', 'Upstash database', resources.cache.get().id),
    {
      id: 'domain',
      title: `Domain ${deps.settings.domain}`,
      verdict: verified ? 'green' : 'red',
      seen: verified ? 'verified' : dnsSentence(domain.get()),
      expected: 'verified',
      fix: verified || record === undefined ? undefined : `Add the DNS record ${record.type} ${record.name} ${record.value}.`,
    },
  ];
}
