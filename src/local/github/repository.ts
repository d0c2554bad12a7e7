import { openCollection, type Collection } from '../store.ts';

/** Who wrote an issue or a comment, when it is not the token's own user. */
export interface GithubAuthor {
  readonly login: string;
  readonly type: 'User' | 'Bot';
  /** How they stand to the repository: `NONE`, `CONTRIBUTOR`, `MEMBER`, `OWNER`, … */
  readonly association: string;
}

/** An issue or a pull request: they share their numbers. Times are ISO 8601 UTC. */
export interface GithubItem {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly labels: readonly string[];
  readonly state: 'open' | 'closed';
  readonly stateReason: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
  readonly author?: GithubAuthor | undefined;
  /** Undefined for an issue. */
  readonly pull: { readonly head: string; readonly headSha: string; readonly base: string; readonly draft: boolean } | undefined;
}

/** A comment on an issue or a pull request. */
export interface GithubComment {
  readonly id: number;
  readonly number: number;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly author?: GithubAuthor | undefined;
}

/** A status of a commit. */
export interface GithubStatus {
  readonly id: number;
  readonly sha: string;
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  readonly targetUrl: string | null;
  readonly description: string | null;
  readonly context: string;
  readonly createdAt: string;
}

/** A review of a pull request. */
export interface GithubReview {
  readonly id: number;
  readonly number: number;
  readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED';
  readonly body: string;
  readonly commitId: string;
  readonly submittedAt: string;
}

/** The one repository of the emulated GitHub. */
export interface GithubRepository {
  readonly owner: string;
  readonly name: string;
  /** The user that the token belongs to. */
  readonly login: string;
  readonly token: string;
  readonly items: Collection<GithubItem>;
  readonly comments: Collection<GithubComment>;
  readonly statuses: Collection<GithubStatus>;
  readonly reviews: Collection<GithubReview>;
}

/** Opens the repository with what is in it. */
export async function openRepository(stateDir: string, token: string): Promise<GithubRepository> {
  return {
    owner: 'jetvision',
    name: 'jetvision-assistant',
    login: 'jv-staging[bot]',
    token,
    items: await openCollection<GithubItem>(stateDir, 'items'),
    comments: await openCollection<GithubComment>(stateDir, 'comments'),
    statuses: await openCollection<GithubStatus>(stateDir, 'statuses'),
    reviews: await openCollection<GithubReview>(stateDir, 'reviews'),
  };
}

/** Returns the next id of a collection whose documents are numbered. */
export function nextId(ids: readonly number[]): number {
  return Math.max(0, ...ids) + 1;
}
