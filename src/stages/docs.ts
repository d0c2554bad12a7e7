import { type PageFacts, pageFile, stagingPage } from '../core/docs/page.ts';
import type { FileChange } from '../core/files/generated.ts';
import type { Clock } from '../core/ports/clock.ts';
import { migrationHead } from '../core/release/migrations.ts';
import { slot } from '../core/run/slot.ts';
import { type StageRun, verdictStep } from '../core/run/stage.ts';
import { stageResult } from '../core/run/stage-result.ts';
import type { SeedPlan } from '../core/seed/plan.ts';
import type { Finding, StageResult } from '../core/verdict.ts';
import { findLocated, locateStep } from './locate.ts';
import { currentPlan, type PlanDeps } from './plan/plan.ts';
import type { SchemaDeps } from './provision/schema.ts';
import { emptyResources, type Resources } from './resources.ts';

/** What writing the environment's page needs. */
export interface DocsDeps extends PlanDeps, SchemaDeps {
  readonly clock: Clock;
  readonly readSeed: (profile: string) => Promise<{ readonly plan: SeedPlan }>;
  /** Name of the environment file, without its folder. */
  readonly environmentFile: string;
  /** Returns what writing this text as the page would do. */
  readonly compare: (text: string) => Promise<FileChange>;
}

/** What `docs --check` keeps beside its finding. */
export interface DocsDetails {
  /** The page's path, as people type it. */
  readonly file: string;
  readonly action: FileChange['action'];
  /** Unified diff from the page to what it should be; empty when it is missing or current. */
  readonly diff: string;
}

/** Returns the page of the environment as it is now, held against the one in the repository; changes nothing. Throws like `locateStep`. */
export async function comparePage(deps: DocsDeps, resources: Resources, signal: AbortSignal): Promise<FileChange> {
  if (resources.cacheAccess.peek() === undefined) await findLocated(deps, resources, signal);
  return deps.compare(stagingPage(await pageFacts(deps, resources, signal)));
}

/** Returns the stage that says whether the page in the repository is what the environment is. */
export function docsStage(deps: DocsDeps, resources: Resources): StageRun<DocsDetails> {
  const startedAtMs = deps.clock.nowMs();
  const change = slot<FileChange>('page');
  const result = (): StageResult<DocsDetails> => {
    const { shown: file, action, diff } = change.get();
    const finding = pageFinding(change.get());
    return stageResult('docs', [finding], startedAtMs, deps.clock, { file, action, diff }, `${file}: ${finding.seen}`);
  };
  return {
    steps: [
      locateStep(deps, resources),
      {
        id: 'page',
        title: `Hold ${pageFile} against the environment`,
        run: async (io) => {
          change.set(await comparePage(deps, resources, io.signal));
          return pageFinding(change.get()).seen;
        },
      },
      verdictStep('Judge it', result),
    ],
    result: () => (change.peek() === undefined ? undefined : result()),
  };
}

function pageFinding({ action, diff }: FileChange): Finding {
  const about = { id: 'page', title: pageFile, expected: 'what the environment is' };
  if (action === 'unchanged') return { ...about, verdict: 'green', seen: 'current' };
  const lines = diff.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
  const seen = action === 'create' ? 'missing' : `out of date: ${lines} lines differ`;
  return {
    ...about,
    verdict: 'red',
    seen,
    message: `The page is ${seen}.`,
    fix: 'Run `jv-staging docs`, look at the diff, and commit it.',
  };
}

async function pageFacts(deps: DocsDeps, resources: Resources, signal: AbortSignal): Promise<PageFacts> {
  const { cost } = await currentPlan(deps, emptyResources(), signal);
  const { settings } = deps;
  const [applied, seed] = await Promise.all([deps.openDatabase().appliedMigrations(signal), deps.readSeed(settings.seed.profile)]);
  return {
    settings,
    url: deps.appOrigin,
    live: {
      vercelProject: resources.project.get().id,
      supabaseProject: resources.database.get().ref,
      supabaseUrl: resources.databaseAccess.get().url,
      upstashDatabase: resources.cache.get().id,
      migrationHead: migrationHead(applied),
      cost,
    },
    accounts: seed.plan.auth.map(({ email }) => email),
    environmentFile: deps.environmentFile,
  };
}
