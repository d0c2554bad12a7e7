import type { OwnershipMarker } from '../plan/marker.ts';
import type { Fields } from '../plan/model.ts';
import type { CacheDatabase } from './cache.ts';
import type { DatabaseProject } from './database.ts';
import type { HostingDomain, HostingProject } from './hosting.ts';

/** A resource with its settings, as its vendor has them. */
export interface ManagedResource<Resource> {
  readonly resource: Resource;
  /** When the vendor made it (ms since 1970 UTC), or null when it does not say. */
  readonly createdAtMs: number | null;
  readonly fields: Fields;
}

/** A variable as the platform lists it, with when it was last changed. */
export interface DatedVariable {
  readonly name: string;
  /** The fingerprint that we kept beside the value, or null when somebody else wrote it. */
  readonly fingerprint: string | null;
  /** Ms since 1970 UTC, or null when the platform does not say. */
  readonly updatedAtMs: number | null;
  /** When we wrote it by our own clock, or null when nobody says. */
  readonly writtenAtMs: number | null;
}

/** A DNS record to add. */
export interface DnsRecord {
  readonly type: string;
  readonly name: string;
  readonly value: string;
}

/** Everything about a hosting project that a plan compares. */
export interface HostingReading extends ManagedResource<HostingProject> {
  /** Whose it is; null when it bears no marker, `damaged` when what stands there cannot be read, `newer` when a later version of the tool wrote it. */
  readonly marker: OwnershipMarker | 'damaged' | 'newer' | null;
  /** Variables of the target `production`. */
  readonly variables: readonly DatedVariable[];
  readonly domain: HostingDomain | undefined;
  /** True after a rollback: the domains stay where it put them until the next deploy. */
  readonly pinned: boolean;
}

/** What is asked about hosting. */
export interface HostingQuestion {
  readonly name: string;
  readonly domain: string;
  /** Names of production's projects: their region is the default. */
  readonly production: readonly string[];
}

/** What hosting answers. */
export interface HostingAnswer {
  readonly project: HostingReading | undefined;
  /** The record that the domain's DNS lacks, or undefined when it is as it must be. */
  readonly dns: DnsRecord | undefined;
  readonly productionRegion: string | undefined;
}

/** The hosting project as a thing with settings. Throws `VERCEL_…` errors. */
export interface ManagedHosting {
  /** Reads everything at once: one round trip. */
  read(question: HostingQuestion, signal: AbortSignal): Promise<HostingAnswer>;
  /** Writes these settings and no other. */
  change(projectId: string, fields: Fields, signal: AbortSignal): Promise<void>;
  writeMarker(projectId: string, marker: OwnershipMarker, signal: AbortSignal): Promise<void>;
  /** Removes the project with all that is in it; one that is gone already is removed. */
  remove(projectId: string, signal: AbortSignal): Promise<void>;
  /** Returns the secret that lets automation pass deployment protection, or undefined when there is none. */
  bypassSecret(projectId: string, signal: AbortSignal): Promise<string | undefined>;
}

/** What is asked about the databases of a platform. */
export interface ResourceQuestion {
  readonly name: string;
  /** Names or ids of production's: their region is the default. */
  readonly production: readonly string[];
}

/** What a platform lists. */
export interface ResourceAnswer<Resource> {
  /** Every resource of exactly this name, with the settings that the list tells. */
  readonly found: readonly ManagedResource<Resource>[];
  /** Settings of production's resource as far as the list tells them, empty when it is not seen. */
  readonly production: Fields;
}

/** The state of a database's schema, read without a connection to it. */
export interface SchemaReading {
  readonly applied: readonly string[];
  readonly releases: number;
}

/** Database projects as things with settings. Throws `SUPABASE_…` errors. */
export interface ManagedDatabases {
  /** One round trip. */
  list(question: ResourceQuestion, signal: AbortSignal): Promise<ResourceAnswer<DatabaseProject>>;
  /** Returns those of the named settings that the list does not tell: one round trip, a call for each group that is asked for. */
  settings(ref: string, names: readonly string[], signal: AbortSignal): Promise<Fields>;
  change(ref: string, fields: Fields, signal: AbortSignal): Promise<void>;
  /** Removes the project with its data; one that is gone already is removed. */
  remove(ref: string, signal: AbortSignal): Promise<void>;
  /** Returns what is applied, in one round trip; undefined when the database does not answer. */
  schema(ref: string, environment: string, signal: AbortSignal): Promise<SchemaReading | undefined>;
}

/** Redis databases as things with settings, all of which the list tells. Throws `UPSTASH_…` errors. */
export interface ManagedCaches {
  /** One round trip. */
  list(question: ResourceQuestion, signal: AbortSignal): Promise<ResourceAnswer<CacheDatabase>>;
  change(id: string, fields: Fields, signal: AbortSignal): Promise<void>;
  /** Removes the database with its data; one that is gone already is removed. */
  remove(id: string, signal: AbortSignal): Promise<void>;
}

/** The three vendors as things with settings. */
export interface ManagedPlatforms {
  readonly hosting: ManagedHosting;
  readonly databases: ManagedDatabases;
  readonly caches: ManagedCaches;
}
