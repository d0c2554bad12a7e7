import type { DatabaseIdentity } from '../isolation/facts.ts';
import type { Loss } from '../migrate/classify.ts';
import type { MigrationProof } from '../migrate/proof.ts';
import type { ReleaseRecord, SealedRelease } from '../release/release.ts';
import type { NoticeState } from '../notify/notice.ts';

/** A database project on the platform. */
export interface DatabaseProject {
  /** The platform's short name for it, 20 lower-case letters. */
  readonly ref: string;
  readonly name: string;
  readonly region: string;
  /** `failed`: the platform gave up making it; waiting does not help. */
  readonly state: 'starting' | 'healthy' | 'unhealthy' | 'paused' | 'going-down' | 'failed';
}

/** The addresses and keys of a database project. All of it but `url` is secret. */
export interface DatabaseAccess {
  /** Address of the project's gateway (REST, Auth, Realtime). */
  readonly url: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  /** Connection string straight to the server: migrations, seed, checks. */
  readonly directUrl: string;
  /** Connection string through the pooler in transaction mode: the app. */
  readonly poolerUrl: string;
}

/** Database projects on the platform (Supabase Management API). Throws `SUPABASE_…` errors. */
export interface DatabasePlatform {
  /** Returns every project of this name that the token can see (names are not unique there). */
  findByName(name: string, signal: AbortSignal): Promise<readonly DatabaseProject[]>;
  create(
    project: { readonly name: string; readonly region: string; readonly password: string; readonly size?: string | undefined },
    signal: AbortSignal,
  ): Promise<DatabaseProject>;
  get(ref: string, signal: AbortSignal): Promise<DatabaseProject>;
  /** Returns the parts that are not healthy by the platform's own word; empty when all are. */
  unhealthy(ref: string, signal: AbortSignal): Promise<readonly string[]>;
  access(ref: string, password: string, signal: AbortSignal): Promise<DatabaseAccess>;
  /** Gives the project's own login another password; the same one again changes nothing. */
  setPassword(ref: string, password: string, signal: AbortSignal): Promise<void>;
  /** Returns the addresses that a project answers at, without any secret: to recognise it where a variable leads to it. */
  addresses(ref: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** A migration file as read from disk. */
export interface MigrationFile {
  /** The digits before the first underscore. */
  readonly version: string;
  /** The rest of the name, without `.sql`. */
  readonly name: string;
  /** File name, for messages. */
  readonly file: string;
  readonly sql: string;
  /** sha256 of the bytes, hex. */
  readonly checksum: string;
}

/** A row of the migration ledger. */
export interface AppliedMigration {
  readonly version: string;
  readonly name: string | null;
  /** sha256 (hex) of the file as it was applied; absent when another tool applied it. */
  readonly checksum?: string | null | undefined;
}

/** A file with `-- jv:no-transaction` that broke half way: some of its statements stand. */
export interface DirtyMigration {
  readonly version: string;
  readonly file: string;
  /** How many of its statements stand, and how many it has. */
  readonly done: number;
  readonly of: number;
  /** What Postgres said; null when the run itself ended. */
  readonly error: string | null;
  /** ISO 8601 UTC. */
  readonly since: string;
}

/** How many rows would go with something. */
export interface RowsAtStake extends Loss {
  /** Null when it is not there, or cannot be counted. */
  readonly rows: number | null;
}

/** A table of an exposed schema and how it is protected. */
export interface TableProtection {
  readonly schema: string;
  readonly table: string;
  readonly rowSecurity: boolean;
  readonly policies: number;
}

/** The staging database itself, over a direct connection. Throws `DATABASE_…` (kind `vendor`) and `MIGRATION_…` (kind `red`) errors. */
export interface Database {
  /** Returns the server's version text; throws `DATABASE_UNREACHABLE`. */
  ping(signal: AbortSignal): Promise<string>;
  appliedMigrations(signal: AbortSignal): Promise<readonly AppliedMigration[]>;
  /**
   * Applies one file and its ledger row in one transaction, which a crash of the server may undo whole until `settle` has returned; one with `-- jv:no-transaction` statement by statement. `retryDirty` runs such
   * a file again that broke half way.
   */
  applyMigration(migration: MigrationFile, signal: AbortSignal, options?: { readonly retryDirty: boolean }): Promise<void>;
  /**
   * Runs a reverse script (its version is that of the migration) and takes the version off the ledger in one transaction; does nothing when
   * it is not applied. Throws `MIGRATION_NOT_NEWEST` (kind `refused`) when later ones build on it.
   */
  reverseMigration(down: MigrationFile, signal: AbortSignal): Promise<void>;
  /** Returns once everything that was committed is on the server's disk. */
  settle(signal: AbortSignal): Promise<void>;
  /** Returns the tables of the environment's own schemas, as `public.users`, in order of name. */
  ownTables(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Drops everything in the environment's own schemas and empties the ledger, in one transaction; the release history stays. Throws
   * `MIGRATION_LOCKED` (kind `locked`).
   */
  dropOwned(signal: AbortSignal): Promise<void>;
  /** Returns the files that broke half way. */
  dirtyMigrations(signal: AbortSignal): Promise<readonly DirtyMigration[]>;
  /** Returns the indexes that were left half built, by name. */
  invalidIndexes(signal: AbortSignal): Promise<readonly string[]>;
  /** Returns how many rows each loss is about: rows of the table, or those with a value in the column. */
  rowsAtStake(losses: readonly Loss[], signal: AbortSignal): Promise<readonly RowsAtStake[]>;
  /** Returns what rehearsals have shown so far. */
  proofs(signal: AbortSignal): Promise<readonly MigrationProof[]>;
  /** Keeps proofs for those who come later; a proof of the same two files is replaced. */
  keepProofs(proofs: readonly MigrationProof[], signal: AbortSignal): Promise<void>;
  tableProtection(signal: AbortSignal): Promise<readonly TableProtection[]>;
  /** Returns what the database says of whose it is; an unmarked one names no environment. */
  identity(signal: AbortSignal): Promise<DatabaseIdentity>;
  /** Returns the release history, oldest first; empty when no release was ever written. */
  releases(environment: string, signal: AbortSignal): Promise<readonly ReleaseRecord[]>;
  /** Appends a record; throws `RELEASE_CONFLICT` when another run appended after `record.previous`. */
  appendRelease(record: ReleaseRecord, signal: AbortSignal): Promise<void>;
  /** Replaces what is sealed or fingerprinted in the records of these ids, in one transaction; all else in them stays. Absent ones stay absent. */
  resealReleases(records: readonly SealedRelease[], signal: AbortSignal): Promise<void>;
  /** Returns what people were last told of an environment; undefined when nothing was, or it cannot be read. */
  noticeState(environment: string, signal: AbortSignal): Promise<NoticeState | undefined>;
  keepNoticeState(environment: string, state: NoticeState, signal: AbortSignal): Promise<void>;
  /** Returns a mark of now, to count from later. */
  writeMark(signal: AbortSignal): Promise<string>;
  /** Returns how many rows of the environment's own tables were inserted or changed since, as far as they are still there. */
  rowsWrittenSince(mark: string, signal: AbortSignal): Promise<number>;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** A value as JSON has it. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A row as JSON has it. */
export type Row = Readonly<Record<string, JsonValue>>;

/** The project's data as its service role sees it (PostgREST and the Auth admin API). Throws `SUPABASE_…` errors. */
export interface DataApi {
  /** Returns the rows of a table whose key columns equal those of one of `keys`. */
  rowsByKey(table: string, keyColumns: readonly string[], keys: readonly Row[], signal: AbortSignal): Promise<readonly Row[]>;
  /** Inserts or updates by the key columns; returns the rows as stored. */
  upsert(table: string, keyColumns: readonly string[], rows: readonly Row[], signal: AbortSignal): Promise<readonly Row[]>;
  /** Returns the id of the auth user with this address, or undefined. */
  findUser(email: string, signal: AbortSignal): Promise<string | undefined>;
  /** Creates a confirmed auth user with this password; returns its id. */
  createUser(user: { readonly email: string; readonly password: string }, signal: AbortSignal): Promise<string>;
  /** Removes a user; one that is not there is no error. */
  deleteUser(userId: string, signal: AbortSignal): Promise<void>;
  /** Sets a user's password. */
  setPassword(userId: string, password: string, signal: AbortSignal): Promise<void>;
  /** Returns true when this address and password sign in. */
  canSignIn(email: string, password: string, signal: AbortSignal): Promise<boolean>;
}
