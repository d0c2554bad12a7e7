import type { OwnershipMarker } from '../plan/marker.ts';

/** A project on the hosting platform. */
export interface HostingProject {
  readonly id: string;
  readonly name: string;
  /** False after a rollback: the next production deployment would not take the domains by itself. */
  readonly autoAssignDomains: boolean;
}

/** A variable of the app's environment, ready to be written. */
export interface HostingVariable {
  readonly name: string;
  readonly value: string;
  /** `secret` is write-only on the platform. */
  readonly class: 'public' | 'secret';
  /**
   * Keyed fingerprint of the value (HMAC-SHA256, hex), kept in clear beside it (Vercel: the variable's comment `jv:<hex>`), so that
   * a write-only value can be compared without being read.
   */
  readonly fingerprint: string;
}

/** A variable as the platform lists it. */
export interface ListedVariable {
  readonly name: string;
  /** The fingerprint that we kept beside the value, or null when somebody else wrote it. */
  readonly fingerprint: string | null;
  /** When it was last written by the platform's clock (ms since 1970 UTC), or null when it does not say. */
  readonly updatedAtMs: number | null;
}

/** What the platform says about a domain of a project. */
export interface HostingDomain {
  readonly name: string;
  readonly verified: boolean;
  /** The DNS record that the owner must add, when not verified. */
  readonly record?: { readonly type: string; readonly name: string; readonly value: string } | undefined;
}

/** A project about to be created. */
export interface NewHostingProject {
  readonly name: string;
  readonly region: string;
  readonly nodeVersion: string;
  /** Whose it is, written in the same call. */
  readonly marker?: OwnershipMarker | undefined;
}

/** Projects, variables and domains. Throws `VERCEL_…` errors (kinds `vendor`, `missing`). */
export interface HostingProjects {
  /** Returns the project of exactly this name, or undefined. */
  find(name: string, signal: AbortSignal): Promise<HostingProject | undefined>;
  create(project: NewHostingProject, signal: AbortSignal): Promise<HostingProject>;
  /** Creates or replaces variables for the target `production`; returns the names that were written. */
  setVariables(projectId: string, variables: readonly HostingVariable[], signal: AbortSignal): Promise<readonly string[]>;
  /** Returns the values of the target `production` that the platform gives out: those of write-only variables are not among them. */
  readableValues(projectId: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Returns the variables of the target `production`. */
  variables(projectId: string, signal: AbortSignal): Promise<readonly ListedVariable[]>;
  findDomain(projectId: string, domain: string, signal: AbortSignal): Promise<HostingDomain | undefined>;
  addDomain(projectId: string, domain: string, signal: AbortSignal): Promise<HostingDomain>;
  setAutoAssignDomains(projectId: string, on: boolean, signal: AbortSignal): Promise<void>;
}

/** State of a deployment. */
export interface Deployment {
  readonly id: string;
  /** The deployment's own address: origin with scheme. */
  readonly url: string;
  readonly state: 'queued' | 'building' | 'ready' | 'error' | 'canceled';
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** What we wrote into it when we created it (release id, commit …). */
  readonly meta: Readonly<Record<string, string>>;
  /** The build log's last lines when `state` is `error`. */
  readonly failure?: string | undefined;
}

/** A deployment about to be created from a build output folder. */
export interface NewDeployment {
  readonly projectId: string;
  readonly projectName: string;
  /** Build Output API v3 folder, absolute. */
  readonly outputDir: string;
  readonly meta: Readonly<Record<string, string>>;
  /** The whole environment of a preview, part of the deployment itself; undefined is a production deployment with the project's variables. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Progress of an upload: files and bytes. */
export interface UploadProgress {
  readonly files: number;
  readonly filesToSend: number;
  readonly sent: number;
  readonly bytesToSend: number;
  /** Paths that differ in case alone, each group in order; missing when it is not told. */
  readonly alike?: readonly (readonly string[])[] | undefined;
  /** Environment files that a function named and that stay here; missing when it is not told. */
  readonly leftOut?: readonly string[] | undefined;
  /** What the platform asked for, while it is being waited for because of a limit. */
  readonly waiting?: string | undefined;
}

/** Returns an upload's progress as one line. */
export function uploadNote({ waiting, sent, filesToSend }: UploadProgress): string {
  return waiting ?? `${sent} of ${filesToSend} files sent`;
}

/** Deployments. Throws `VERCEL_…` errors (kind `vendor`), `DEPLOY_OUTPUT_MISSING` (kind `missing`). */
export interface Deployments {
  /** Uploads what is missing by sha1 and creates a deployment that does not take the domains: of the target production, or a preview; returns it queued. */
  create(deployment: NewDeployment, onProgress: (progress: UploadProgress) => void, signal: AbortSignal): Promise<Deployment>;
  get(id: string, signal: AbortSignal): Promise<Deployment>;
  /** Returns a deployment, or undefined when the platform has none of this id (any more). */
  find(id: string, signal: AbortSignal): Promise<Deployment | undefined>;
  /** Returns the deployment that the domain points to, or undefined. */
  live(projectId: string, domain: string, signal: AbortSignal): Promise<Deployment | undefined>;
  /** Returns the newest deployments whose meta has all these entries, newest first. */
  findByMeta(projectId: string, meta: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly Deployment[]>;
}

/** Moves the project's production domains from one deployment to another and waits until the platform says that it is done. */
export interface DomainMoves {
  /** Points the domains forward at a ready deployment. */
  promote(projectId: string, deploymentId: string, signal: AbortSignal): Promise<void>;
  /** Points the domains back at an older deployment; afterwards the project no longer assigns its domains by itself. */
  rollback(projectId: string, deploymentId: string, signal: AbortSignal): Promise<void>;
}
