/** The one team that the local cloud's token belongs to. */
export interface Team {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: number;
}

/** Progress of the last promote or rollback, as the vendor reports it. Times are milliseconds since 1970. */
export interface AliasRequest {
  readonly fromDeploymentId: string;
  readonly toDeploymentId: string;
  readonly jobStatus: 'pending' | 'in-progress' | 'succeeded' | 'failed' | 'skipped';
  readonly requestedAt: number;
  readonly type: 'promote' | 'rollback';
}

/** A git repository that a project is connected to. */
export interface ProjectLink {
  readonly type: string;
  readonly org: string;
  readonly repo: string;
  readonly repoId: number;
  readonly productionBranch: string;
  /** Folder on this machine that stands for the repository; the local cloud's own. */
  readonly remote?: string | undefined;
}

/** A project. `settings` are the vendor's other fields, kept as they were sent. */
export interface Project {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly autoAssignCustomDomains: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly link?: ProjectLink | undefined;
  readonly lastAliasRequest?: AliasRequest | undefined;
  /** Set while a rollback pins the production domains. */
  readonly lastRollbackTarget?: AliasRequest | undefined;
  readonly protectionBypass: Readonly<Record<string, ProtectionBypass>>;
}

/** A secret that lets automation through deployment protection. */
export interface ProtectionBypass {
  readonly createdAt: number;
  readonly createdBy: string;
  readonly scope: 'automation-bypass';
  readonly isEnvVar?: boolean | undefined;
  readonly note?: string | undefined;
}

/** Where a deployment or a variable belongs. */
export type Target = 'production' | 'preview' | 'development';

/** An environment variable of a project. */
export interface EnvVar {
  readonly id: string;
  readonly projectId: string;
  readonly key: string;
  readonly value: string;
  readonly type: 'system' | 'secret' | 'encrypted' | 'plain' | 'sensitive';
  readonly target: readonly Target[];
  readonly customEnvironmentIds: readonly string[];
  readonly gitBranch?: string | undefined;
  readonly comment?: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A custom environment of a project. */
export interface CustomEnvironment {
  readonly id: string;
  readonly projectId: string;
  readonly slug: string;
  readonly description: string;
  readonly branchMatcher?: { readonly type: string; readonly pattern: string } | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A domain of a project; its name is unique in the local cloud. */
export interface ProjectDomain {
  readonly name: string;
  readonly projectId: string;
  readonly gitBranch?: string | undefined;
  readonly customEnvironmentId?: string | undefined;
  readonly redirect?: string | undefined;
  readonly redirectStatusCode?: number | undefined;
  readonly verified: boolean;
  /** The TXT value that proves the ownership; absent where nothing had to be proven. */
  readonly challenge?: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A domain of the account: what is bought, `example.com`, whether a project uses it or not. */
export interface AccountDomain {
  readonly name: string;
  readonly createdAt: number;
}

/** A DNS record. `name` is the part before the domain, empty for the domain itself. */
export interface DnsRecord {
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly ttl: number;
  readonly mxPriority?: number | undefined;
  readonly comment?: string | undefined;
  readonly createdAt: number;
}

/** State of a deployment, as the vendor names it. */
export type ReadyState = 'QUEUED' | 'INITIALIZING' | 'BUILDING' | 'READY' | 'ERROR' | 'CANCELED';

/** A deployment without its files. Times are milliseconds since 1970. */
export interface DeploymentDoc {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  /** Host name of its own. */
  readonly url: string;
  readonly target: 'production' | 'preview';
  readonly customEnvironmentId?: string | undefined;
  readonly readyState: ReadyState;
  readonly readySubstate?: 'STAGED' | 'PROMOTED' | undefined;
  readonly errorMessage?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly errorStep?: 'building' | 'deploying' | undefined;
  readonly aliasAssigned: boolean;
  /** False: it does not take the production domains by itself. */
  readonly autoAssign: boolean;
  readonly meta: Readonly<Record<string, string>>;
  readonly gitMetadata?: Readonly<Record<string, unknown>> | undefined;
  /** The commit that it is made from, as the vendor shows it, where it is made from git. */
  readonly gitSource?: Readonly<Record<string, unknown>> | undefined;
  readonly projectSettings: Readonly<Record<string, unknown>>;
  readonly source: string;
  readonly createdAt: number;
  readonly buildingAt?: number | undefined;
  readonly ready?: number | undefined;
}

/** One file of a deployment, its content in the blob store. */
export interface DeploymentFile {
  /** Path with forward slashes, relative to the project's root. */
  readonly file: string;
  readonly sha: string;
  readonly size: number;
  readonly mode: number;
}

/** What a deployment is made from: never changes after creation. */
export interface DeploymentSource {
  readonly files: readonly DeploymentFile[];
  /** The variables it runs with, fixed when it was created. */
  readonly env: Readonly<Record<string, string>>;
  /** The variables that it is built with, where it is not prebuilt. */
  readonly buildEnv?: Readonly<Record<string, string>> | undefined;
}

/** What was built from a deployment's source. */
export interface DeploymentOutput {
  readonly files: readonly DeploymentFile[];
}

/** A host name that points to a deployment. */
export interface AliasDoc {
  readonly uid: string;
  readonly alias: string;
  readonly deploymentId: string;
  readonly projectId: string;
  readonly createdAt: number;
}
