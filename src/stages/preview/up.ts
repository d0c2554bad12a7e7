import { databaseText, previewCommentText } from '../../core/preview/comment.ts';
import { previewSlug } from '../../core/preview/names.ts';
import { refuseForeignSource } from '../../core/preview/same-repository.ts';
import type { Deployment } from '../../core/ports/hosting.ts';
import type { PreviewDatabase } from '../../core/ports/previews.ts';
import type { SourceState } from '../../core/ports/source.ts';
import { migrationHead } from '../../core/release/migrations.ts';
import type { SmokeDetails } from '../../core/report.ts';
import { type Slot, slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding, StageResult } from '../../core/verdict.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import { migrate, protectionStep } from '../provision/schema.ts';
import type { Resources } from '../resources.ts';
import type { SeedDetails } from '../seed/parts.ts';
import { databaseSteps } from './database.ts';
import type { PreviewDeps, PreviewWorld } from './deps.ts';
import { deploymentSteps, removeOlderStep } from './deployment.ts';

/** What `preview up` reports beside its findings. */
export interface PreviewUpDetails {
  readonly branch: string;
  readonly slug: string;
  readonly url: string;
  readonly deploymentId: string;
  readonly gitSha: string;
  /** Name of the database branch, or of the preview's own project. */
  readonly database: string;
  readonly databaseKind: PreviewDatabase['kind'];
  readonly migrationHead: string | null;
  readonly seedVersion: string;
  /** Key prefix in Redis. */
  readonly prefix: string;
  /** Markdown for the pull request. */
  readonly comment: string;
}

/** What the steps of one `preview up` find out for one another. */
export interface PreviewFacts {
  readonly source: Slot<SourceState & { readonly branch: string }>;
  readonly world: Slot<PreviewWorld>;
  readonly slug: Slot<string>;
  readonly database: Slot<PreviewDatabase>;
  readonly seeded: Slot<StageRun<SeedDetails>>;
  readonly head: Slot<string | null>;
  readonly deployment: Slot<Deployment>;
  readonly smoked: Slot<StageRun<SmokeDetails>>;
}

/**
 * Returns the stage that puts a branch out beside staging: a database with schema and seed, a key prefix, and a deployment whose
 * environment leads to those before its first request; smoke on its address comes last. May be repeated: what is there is used again.
 */
export function previewUpStage(deps: PreviewDeps, resources: Resources, branch: string | undefined): StageRun<PreviewUpDetails> {
  const startedAtMs = deps.clock.nowMs();
  const facts: PreviewFacts = {
    source: slot('source state'),
    world: slot('preview'),
    slug: slot('name of the preview'),
    database: slot('database of the preview'),
    seeded: slot('seed run'),
    head: slot('schema of the preview'),
    deployment: slot('deployment'),
    smoked: slot('smoke run'),
  };
  return {
    steps: [
      branchStep(deps, facts, branch),
      locateStep(deps, resources),
      leaseStep(deps),
      ...databaseSteps(deps, resources, facts),
      { id: 'schema', title: 'Schema and seed', steps: () => schemaSteps(facts) },
      ...deploymentSteps(deps, resources, facts),
      smokeStep(facts),
      removeOlderStep(deps, resources, facts),
    ],
    result: () => {
      const smoke = facts.smoked.peek()?.result();
      return smoke === undefined ? undefined : resultOf(deps, facts, smoke, startedAtMs);
    },
  };
}

/** Before anything of the environment is even read: code of a fork goes no further. */
function branchStep(deps: PreviewDeps, facts: PreviewFacts, named: string | undefined): Step {
  return {
    id: 'branch',
    title: 'Check that the branch is one of this repository',
    run: async (io) => {
      const [state, heads, repository] = await Promise.all([
        deps.source.state(io.signal),
        deps.branches.heads(io.signal),
        deps.branches.repository(io.signal),
      ]);
      const branch = named ?? state.branch ?? '(none is checked out)';
      refuseForeignSource({ branch, sha: state.sha, heads, repository, expected: deps.settings.vercel.git?.repository });
      facts.source.set({ ...state, branch });
      facts.slug.set(previewSlug(branch));
      facts.world.set(deps.open(facts.slug.get()));
      return `${branch} at ${state.sha.slice(0, 12)}${state.dirty ? ', with uncommitted changes' : ''}`;
    },
  };
}

function schemaSteps(facts: PreviewFacts): readonly Step[] {
  const world = facts.world.get();
  facts.seeded.set(world.seed());
  return [
    { id: 'migrate', title: 'Apply the branch’s migrations', mutates: true, run: (io) => migrate(world.schema, io) },
    protectionStep(world.schema, world.settings.supabase.tableWaivers),
    { id: 'seed', title: `Seed ${world.settings.seed.profile}`, steps: () => facts.seeded.get().steps },
    {
      id: 'head',
      title: 'Read the schema back',
      run: async (io) => {
        facts.head.set(migrationHead(await world.schema.openDatabase().appliedMigrations(io.signal)));
        return facts.head.get() ?? 'empty';
      },
    },
  ];
}

function smokeStep(facts: PreviewFacts): Step {
  return {
    id: 'smoke',
    title: 'Smoke on the preview’s address',
    steps: () => {
      facts.smoked.set(facts.world.get().smoke(facts.source.get().sha, facts.deployment.get().id));
      return facts.smoked.get().steps;
    },
  };
}

function resultOf(deps: PreviewDeps, facts: PreviewFacts, smoke: StageResult<SmokeDetails>, startedAtMs: number) {
  const { branch, sha } = facts.source.get();
  const { origin, settings } = facts.world.get();
  const seeded = facts.seeded.get().result();
  const known = {
    branch,
    url: origin,
    gitSha: sha,
    deploymentId: facts.deployment.get().id,
    database: facts.database.get().name,
    databaseKind: facts.database.get().kind,
    migrationHead: facts.head.get(),
    prefix: settings.upstash.prefix,
  };
  const seed = `seed \`${settings.seed.profile}\`: ${seeded?.summary ?? 'not read back'}`;
  const { verdict, summary } = smoke;
  const details: PreviewUpDetails = {
    ...known,
    slug: facts.slug.get(),
    seedVersion: seeded?.details.seedVersion ?? '',
    comment: previewCommentText({ ...known, seed: seed.replaceAll('`', ''), smoke: { verdict, summary } }),
  };
  const green = (id: string, title: string, seen: string): Finding => ({ id, title, verdict: 'green', seen, expected: 'its own' });
  const findings: readonly Finding[] = [
    { id: 'smoke', title: 'Smoke', verdict, seen: summary, expected: 'all green' },
    green('address', 'Address', origin),
    green('database', 'Database', `${databaseText(known.databaseKind)} ${known.database}, schema ${known.migrationHead ?? 'empty'}`),
    green('redis', 'Redis keys', `below ${known.prefix}`),
  ];
  return stageResult('preview', findings, startedAtMs, deps.clock, details, `${branch} at ${origin}`);
}
