import { randomInt, randomUUID } from 'node:crypto';
import { firstOrganization } from './management/organizations.ts';
import { createProjectKeys, type ProjectKeys } from './keys.ts';

/** States of a project that the local cloud knows (a subset of the platform's). */
export type ProjectStatus =
  | 'COMING_UP'
  | 'ACTIVE_HEALTHY'
  | 'PAUSING'
  | 'INACTIVE'
  | 'RESTORING'
  | 'RESTORE_FAILED'
  | 'GOING_DOWN'
  | 'INIT_FAILED';

/** A copy of a project's database that it can be taken back to. */
export interface RestorePoint {
  /** The platform's number of it in the list of backups. */
  readonly number: number;
  readonly name: string;
  /** The database that holds it; nobody can connect there. */
  readonly database: string;
  readonly status: 'PENDING' | 'AVAILABLE' | 'FAILED';
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly completedAt: string | null;
}

/** What a project's settings say where they differ from the platform's defaults. */
export interface ProjectSettings {
  /** Of `config/database/postgres`. */
  readonly postgres?: Readonly<Record<string, string | number | boolean>>;
  /** Of `config/auth`. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Of `postgrest`. */
  readonly rest?: Readonly<Record<string, string | number | null>>;
  /** Of `config/realtime`. */
  readonly realtime?: Readonly<Record<string, number | boolean | null>>;
  readonly network?: NetworkRestrictions;
}

/** Addresses that may reach the database, by the project's owner's word, and when that was said (ISO 8601 UTC). */
export interface NetworkRestrictions {
  readonly dbAllowedCidrs: readonly string[];
  readonly dbAllowedCidrsV6: readonly string[];
  readonly updatedAt: string;
}

/** Of a branch's project: what it is a branch of, and what the platform knows of it as a branch. */
export interface Parent {
  readonly ref: string;
  /** True when the branch began with the parent's rows, not its migrations alone. */
  readonly withData: boolean;
  /** UUID of the branch. */
  readonly id: string;
  readonly persistent: boolean;
  readonly gitBranch?: string | undefined;
  readonly notifyUrl?: string | undefined;
  /** ISO 8601 UTC. */
  readonly updatedAt: string;
}

/** A project as stored: the file is ours alone (0600), for it holds the keys and the owner's password. */
export interface Project {
  readonly ref: string;
  /** The platform's number of it, given back on deletion. */
  readonly number: number;
  readonly name: string;
  readonly region: string;
  /** Slug of its organisation. */
  readonly organization: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly status: ProjectStatus;
  readonly password: string;
  readonly keys: ProjectKeys;
  readonly pooler: { readonly poolSize: number; readonly maxClients: number; readonly mode: 'transaction' | 'session' };
  readonly sslEnforced: boolean;
  readonly settings: ProjectSettings;
  readonly restorePoints: readonly RestorePoint[];
  /** While RESTORING: the database that it is being taken back to. */
  readonly restoringFrom?: string | undefined;
  readonly parent?: Parent | undefined;
}

/** What a project is created with. */
export interface NewProject {
  readonly name: string;
  readonly region: string;
  readonly password: string;
  /** Slug; the organisation that exists from the start when undefined. */
  readonly organization?: string | undefined;
  /** Chosen by the platform when undefined: 20 lower-case letters. */
  readonly ref?: string | undefined;
  readonly parent?: Parent | undefined;
}

/** Hosted defaults of a small instance (supabase.com/docs/guides/platform/compute-and-disk, read 2026-11-22). */
const defaultPooler = { poolSize: 15, maxClients: 200, mode: 'transaction' } as const;

/** Returns a project that is coming up, with fresh keys. */
export async function newProject(wanted: NewProject): Promise<Project> {
  const ref = wanted.ref ?? Array.from({ length: 20 }, () => String.fromCharCode(97 + randomInt(26))).join('');
  return {
    ref,
    number: randomInt(1, 2 ** 31),
    name: wanted.name,
    region: wanted.region,
    organization: wanted.organization ?? firstOrganization.slug,
    createdAt: new Date().toISOString(),
    status: 'COMING_UP',
    password: wanted.password,
    keys: await createProjectKeys(ref),
    pooler: defaultPooler,
    sslEnforced: false,
    settings: {},
    restorePoints: [],
    parent: wanted.parent,
  };
}

/** Returns a restore point of the project that is still to be made. */
export function newRestorePoint(project: Project, name: string): RestorePoint {
  const number = Math.max(0, ...project.restorePoints.map((point) => point.number)) + 1;
  const database = `${project.ref}_${randomUUID().slice(0, 8)}`;
  return { number, name, database, status: 'PENDING', createdAt: new Date().toISOString(), completedAt: null };
}
