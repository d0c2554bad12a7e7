import type { Deployment } from '../ports/hosting.ts';
import type { PreviewDatabase } from '../ports/previews.ts';
import { previewSlug } from './names.ts';

/** Entries of a deployment's meta by which previews of an environment are found. */
export const previewMeta = { kind: 'jvKind', slug: 'jvPreview', environment: 'jvEnvironment', branch: 'githubCommitRef' } as const;

/** A preview as hosting and database tell of it; either may lack, where a run was cut off. */
export interface Preview {
  readonly slug: string;
  /** Null when only its database is left. */
  readonly branch: string | null;
  /** Newest first. */
  readonly deployments: readonly Deployment[];
  readonly database: PreviewDatabase | undefined;
}

/** Returns the previews, by slug, from what hosting and database list. */
export function previewsOf(deployments: readonly Deployment[], databases: readonly PreviewDatabase[]): readonly Preview[] {
  const slugs = new Set([...deployments.flatMap(({ meta }) => meta[previewMeta.slug] ?? []), ...databases.map(({ slug }) => slug)]);
  return [...slugs].toSorted().map((slug) => {
    const own = deployments.filter(({ meta }) => meta[previewMeta.slug] === slug);
    const newestFirst = own.toSorted((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
    return {
      slug,
      branch: newestFirst[0]?.meta[previewMeta.branch] ?? null,
      deployments: newestFirst,
      database: databases.find((each) => each.slug === slug),
    };
  });
}

/** Returns the previews whose branch is gone; `branches` are all that the repository has. */
export function orphanedPreviews(previews: readonly Preview[], branches: readonly string[]): readonly Preview[] {
  const living = new Set(branches.map(previewSlug));
  return previews.filter(({ slug }) => !living.has(slug));
}
