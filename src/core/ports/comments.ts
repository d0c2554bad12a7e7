/** A comment on a pull request. */
export interface PullComment {
  readonly id: number;
  readonly body: string;
}

/** The comments on the pull requests of a repository. */
export interface PullComments {
  /**
   * Returns the comments whose body holds `mark`, oldest first; only those of people and programs that may write to the repository, since
   * anybody can copy a mark.
   */
  holding(pullRequest: number, mark: string, signal: AbortSignal): Promise<readonly PullComment[]>;
  create(pullRequest: number, body: string, signal: AbortSignal): Promise<PullComment>;
  replace(id: number, body: string, signal: AbortSignal): Promise<void>;
  /** Removes a comment; one that is gone already is no failure. */
  remove(id: number, signal: AbortSignal): Promise<void>;
}
