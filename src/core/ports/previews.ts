/** The database that one preview has to itself. */
export interface PreviewDatabase {
  /** A branch of the staging project, or a project beside it where the platform makes no branches. */
  readonly kind: 'branch' | 'project';
  /** What the preview is called by. */
  readonly slug: string;
  /** The platform's handle for it. */
  readonly id: string;
  /** Ref of the project that it is by itself. */
  readonly ref: string;
  readonly name: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
}

/** Databases beside a project's own, one a preview. Throws `SUPABASE_…` errors and `PREVIEW_DATABASE_UNSUPPORTED` (kind `vendor`). */
export interface PreviewDatabases {
  /** Returns the databases of all previews, whichever kind they are. */
  list(projectRef: string, signal: AbortSignal): Promise<readonly PreviewDatabase[]>;
  /** Returns those that are projects of their own: they stay when the staging project goes. */
  ownProjects(signal: AbortSignal): Promise<readonly PreviewDatabase[]>;
  /** Creates one without any of the parent's rows, beside the parent's region; one that is there is returned, whichever kind it is. */
  create(parent: { readonly ref: string; readonly region: string }, slug: string, signal: AbortSignal): Promise<PreviewDatabase>;
  /** Returns the password that the database has, or, for a project of its own, must have. */
  password(database: PreviewDatabase, signal: AbortSignal): Promise<string>;
  /** Removes it; one that is gone is removed. */
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
