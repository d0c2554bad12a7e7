/** An issue of the repository. */
export interface TrackedIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly isOpen: boolean;
  /** Address of its page. */
  readonly url: string;
}

/** Where a team keeps its issues. */
export interface IssueTracker {
  /**
   * Returns every issue, open or closed, whose body holds `mark`, oldest first; only those of people and programs that may write to the
   * repository, since anybody can copy a mark.
   */
  holding(mark: string, signal: AbortSignal): Promise<readonly TrackedIssue[]>;
  open(
    issue: { readonly title: string; readonly body: string; readonly labels: readonly string[] },
    signal: AbortSignal,
  ): Promise<TrackedIssue>;
  /** Replaces the body and sets the state, both in one call; title, labels and comments stay as people left them. */
  change(number: number, change: { readonly body: string; readonly isOpen: boolean }, signal: AbortSignal): Promise<TrackedIssue>;
}
