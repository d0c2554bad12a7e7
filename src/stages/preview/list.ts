import { countOf } from '../../core/count-of.ts';
import { previewHostname, previewPrefix } from '../../core/preview/names.ts';
import { orphanedPreviews, type Preview } from '../../core/preview/previews.ts';
import { slot } from '../../core/run/slot.ts';
import type { StageRun } from '../../core/run/stage.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { Finding } from '../../core/verdict.ts';
import { locateStep } from '../locate.ts';
import type { Resources } from '../resources.ts';
import { findPreviews, type PreviewDeps } from './deps.ts';

/** What `preview list` reports beside its findings. */
export interface PreviewListDetails {
  readonly previews: readonly {
    readonly slug: string;
    readonly branch: string | null;
    readonly url: string;
    readonly deploymentId: string | null;
    readonly state: string | null;
    readonly gitSha: string | null;
    readonly database: string | null;
    readonly prefix: string;
    /** ISO 8601 UTC. */
    readonly createdAt: string | null;
    /** False when `origin` has no such branch any more. */
    readonly hasBranch: boolean;
  }[];
}

/** Returns the stage that lists the previews as hosting and database tell of them; changes nothing. */
export function listPreviewsStage(deps: PreviewDeps, resources: Resources): StageRun<PreviewListDetails> {
  const startedAtMs = deps.clock.nowMs();
  const found = slot<{ readonly previews: readonly Preview[]; readonly orphaned: readonly Preview[] }>('previews');
  return {
    steps: [
      locateStep(deps, resources),
      {
        id: 'list',
        title: 'Find previews, and which branches there are',
        run: async (io) => {
          const [previews, heads] = await Promise.all([findPreviews(deps, resources, io.signal), deps.branches.heads(io.signal)]);
          found.set({ previews, orphaned: orphanedPreviews(previews, Object.keys(heads)) });
          return countOf(previews.length, 'preview');
        },
      },
    ],
    result: () => {
      const known = found.peek();
      if (known === undefined) return undefined;
      const details = { previews: known.previews.map((preview) => shown(deps, preview, !known.orphaned.includes(preview))) };
      const findings = details.previews.length === 0 ? [nothing] : details.previews.map(findingOf);
      return stageResult('preview-list', findings, startedAtMs, deps.clock, details, countOf(details.previews.length, 'preview'));
    },
  };
}

function shown({ settings, originOf }: PreviewDeps, { slug, branch, deployments, database }: Preview, hasBranch: boolean) {
  const [newest] = deployments;
  return {
    slug,
    branch,
    url: originOf(previewHostname(settings.name, slug)),
    deploymentId: newest?.id ?? null,
    state: newest?.state ?? null,
    gitSha: newest?.meta['githubCommitSha'] ?? null,
    database: database?.name ?? null,
    prefix: previewPrefix(settings.upstash.prefix, slug),
    createdAt: newest?.createdAt ?? database?.createdAt ?? null,
    hasBranch,
  };
}

const nothing: Finding = { id: 'previews', title: 'Previews', verdict: 'green', seen: 'none', expected: 'any number' };

function findingOf(preview: PreviewListDetails['previews'][number]): Finding {
  const parts = [preview.url, preview.deploymentId ?? 'no deployment', preview.database ?? 'no database'];
  const seen = `${parts.join(', ')}${preview.hasBranch ? '' : '; its branch is gone'}`;
  return { id: preview.slug, title: preview.branch ?? preview.slug, verdict: 'green', seen, expected: 'listed' };
}
