import { countOf } from '../../core/count-of.ts';
import { StagingError } from '../../core/errors.ts';
import { guardProduction } from '../../core/guard.ts';
import { databaseText } from '../../core/preview/comment.ts';
import { previewPrefix, previewSlug } from '../../core/preview/names.ts';
import { orphanedPreviews, type Preview } from '../../core/preview/previews.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Step } from '../../core/run/step.ts';
import type { Finding } from '../../core/verdict.ts';
import { leaseStep } from '../lease.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import { findPreviews, type PreviewDeps } from './deps.ts';

/** What `preview down` and `preview gc` are asked for. */
export interface RemovePreviewOptions {
  /** One branch's preview; undefined: those whose branch is gone. */
  readonly branch: string | undefined;
  /** What was typed as the environment's name, if anything. */
  readonly confirm: string | undefined;
  readonly dryRun: boolean;
}

/** What they report beside their findings. */
export interface RemovePreviewDetails {
  readonly previews: readonly {
    readonly slug: string;
    readonly branch: string | null;
    readonly deployments: readonly string[];
    readonly database: string | null;
  }[];
  readonly removed: readonly string[];
}

/**
 * Returns the stage that removes previews with all that is theirs: deployments, database, Redis keys. Throws
 * `PREVIEW_UNCONFIRMED` (exit 6) when there is something and the environment's name was not typed.
 */
export function removePreviewsStage(
  deps: PreviewDeps,
  resources: Resources,
  options: RemovePreviewOptions,
): StageRun<RemovePreviewDetails> {
  const startedAtMs = deps.clock.nowMs();
  const doomed = slot<readonly Preview[]>('previews to remove');
  const removed: string[] = [];
  const stage = options.branch === undefined ? 'preview-gc' : 'preview-down';
  return {
    steps: [
      locateStep(deps, resources),
      findStep(deps, resources, options, doomed.set),
      leaseStep(deps),
      { id: 'remove', title: 'Remove', steps: () => doomed.get().map((preview) => removeStep(deps, resources, preview, removed)) },
    ],
    result: () => {
      const found = doomed.peek();
      if (found === undefined) return undefined;
      const details = {
        previews: found.map(({ slug, branch, deployments, database }) => ({
          slug,
          branch,
          deployments: deployments.map(({ id }) => id),
          database: database?.name ?? null,
        })),
        removed: [...removed],
      };
      const findings = found.length === 0 ? [nothing] : found.map((preview) => findingOf(preview, removed.includes(preview.slug), options));
      return stageResult(stage, findings, startedAtMs, deps.clock, details, summaryOf(found, removed, options));
    },
  };
}

function findStep(deps: PreviewDeps, resources: Resources, options: RemovePreviewOptions, set: (found: readonly Preview[]) => void): Step {
  return {
    id: 'find',
    title: options.branch === undefined ? 'Find previews whose branch is gone' : `Find the preview of ${options.branch}`,
    run: async (io) => {
      const previews = await findPreviews(deps, resources, io.signal);
      const found =
        options.branch === undefined ? orphanedPreviews(previews, await branchesOf(deps, io.signal)) : ofBranch(previews, options.branch);
      set(found);
      if (found.length > 0 && !options.dryRun && options.confirm !== deps.settings.name) throw unconfirmed(deps, found, options);
      return found.length === 0 ? 'none' : found.map(({ slug }) => slug).join(', ');
    },
  };
}

/** A repository that shows no branch at all is no reason to remove everything. */
async function branchesOf(deps: PreviewDeps, signal: AbortSignal): Promise<readonly string[]> {
  const branches = Object.keys(await deps.branches.heads(signal));
  if (branches.length > 0) return branches;
  throw new StagingError('missing', 'PREVIEW_BRANCHES_UNKNOWN', '`origin` names no branch at all, expected at least one.', {
    fix: 'Run `git ls-remote --heads origin` and mend what it says.',
  });
}

function ofBranch(previews: readonly Preview[], branch: string): readonly Preview[] {
  return previews.filter(({ slug }) => slug === previewSlug(branch));
}

/** Deployments first: an app whose database goes under it would only fail. */
function removeStep(deps: PreviewDeps, resources: Resources, preview: Preview, removed: string[]): Step {
  return {
    id: preview.slug,
    title: `${preview.branch ?? preview.slug}: ${holds(preview)}`,
    mutates: true,
    run: async (io) => {
      const { production, upstash } = deps.settings;
      const [project, database, cache] = [resources.project.get(), resources.database.get(), resources.cache.get()];
      guardProduction({ what: 'Vercel project', identities: [project.id, project.name] }, production);
      guardProduction(
        { what: 'Supabase project', identities: [database.ref, database.name, preview.database?.ref ?? '', preview.database?.name ?? ''] },
        production,
      );
      guardProduction({ what: 'Upstash database', identities: [cache.id, cache.name] }, production);
      for (const { id } of preview.deployments) await deps.previewHosting.remove(id, io.signal);
      if (preview.database !== undefined) await deps.previewDatabases.remove(preview.database, io.signal);
      const keys = await deps.openCache().removeKeys(previewPrefix(upstash.prefix, preview.slug), io.signal);
      removed.push(preview.slug);
      return `${preview.deployments.length} deployments, ${preview.database?.name ?? 'no database'}, ${keys} keys`;
    },
    verify: async (io) => {
      const left = (await findPreviews(deps, resources, io.signal)).find(({ slug }) => slug === preview.slug);
      if (left === undefined) return;
      throw new StagingError(
        'vendor',
        'PREVIEW_STILL_THERE',
        `Of the preview ${preview.slug} there is still ${holds(left)}, expected nothing.`,
        {
          fix: 'Run the same command again.',
        },
      );
    },
  };
}

function holds({ deployments, database }: Preview): string {
  return `${deployments.length} deployments, ${database === undefined ? 'no database' : `${databaseText(database.kind)} ${database.name}`} and its Redis keys`;
}

function unconfirmed({ settings }: PreviewDeps, found: readonly Preview[], { branch, confirm }: RemovePreviewOptions): StagingError {
  const list = found.map((preview) => `${preview.branch ?? preview.slug} with ${holds(preview)}`).join('; ');
  const seen = confirm === undefined ? 'its name was not typed' : `${JSON.stringify(confirm)} was typed`;
  return new StagingError('refused', 'PREVIEW_UNCONFIRMED', `This would remove ${list}. It cannot be brought back, and ${seen}.`, {
    fix: `Run \`jv-staging preview ${branch === undefined ? 'gc' : `down --branch ${branch}`} --confirm ${settings.name}\`.`,
    data: { previews: found.map(({ slug }) => slug) },
  });
}

const nothing: Finding = { id: 'previews', title: 'Previews', verdict: 'green', seen: 'none to remove', expected: 'none' };

function findingOf(preview: Preview, isRemoved: boolean, { dryRun }: RemovePreviewOptions): Finding {
  const seen = isRemoved ? `gone, with ${holds(preview)}` : dryRun ? `would go, with ${holds(preview)}` : 'still there';
  return {
    id: preview.slug,
    title: preview.branch ?? preview.slug,
    verdict: isRemoved || dryRun ? 'green' : 'red',
    seen,
    expected: 'gone',
  };
}

function summaryOf(found: readonly Preview[], removed: readonly string[], { dryRun }: RemovePreviewOptions): string {
  if (found.length === 0) return 'nothing to remove';
  return dryRun
    ? `${countOf(found.length, 'preview')} would be removed`
    : `${removed.length} of ${countOf(found.length, 'preview')} removed`;
}
