/** The database that one preview has to itself: a branch of the staging project. */
export interface PreviewDatabase {
  /** The platform's handle for it. */
  readonly id: string;
  /** Ref of the project that it is by itself. */
  readonly ref: string;
  readonly name: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
}

/** Branches of a database project, one a preview. Throws `SUPABASE_…` errors and `PREVIEW_DATABASE_UNSUPPORTED` (kind `vendor`). */
export interface PreviewDatabases {
  /** Returns every branch of the project but the project itself. */
  list(projectRef: string, signal: AbortSignal): Promise<readonly PreviewDatabase[]>;
  /** Creates a branch with the project's migrations and without its rows; one of this name that is there is returned. */
  create(projectRef: string, name: string, signal: AbortSignal): Promise<PreviewDatabase>;
  /** Returns the password of the branch's own database. */
  password(database: PreviewDatabase, signal: AbortSignal): Promise<string>;
  /** Removes a branch; one that is gone is removed. */
  remove(database: PreviewDatabase, signal: AbortSignal): Promise<void>;
}

/** What previews need of hosting beside deployments. Throws `VERCEL_…` errors. */
export interface PreviewHosting {
  /** Points a host name at a ready deployment. */
  assign(deploymentId: string, hostname: string, signal: AbortSignal): Promise<void>;
  /** Removes a deployment with its addresses; one that is gone is removed. */
  remove(deploymentId: string, signal: AbortSignal): Promise<void>;
}

/** The repository that the working tree came from. */
export interface SourceBranches {
  /** Commit of every branch that `origin` has, by name; throws `GIT_FAILED` (kind `missing`) when it does not say. */
  heads(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** `owner/name` of `origin`, or null when its address does not tell. */
  repository(signal: AbortSignal): Promise<string | null>;
}
