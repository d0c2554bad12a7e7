import { countOf } from '../../core/count-of.ts';
import { guardProduction } from '../../core/guard.ts';
import type { BulkTables } from '../../core/ports/bulk.ts';
import type { Cache, JobStore, QueuePauses } from '../../core/ports/cache.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { DataApi } from '../../core/ports/database.ts';
import type { SignInUsers } from '../../core/ports/web.ts';
import type { SourceDatabase } from '../../core/ports/source-database.ts';
import type { StepIo } from '../../core/run/step.ts';
import { stageResult } from '../../core/run/stage-result.ts';
import type { SeedPlan } from '../../core/seed/plan.ts';
import type { QueuePlan } from '../../core/seed/queues.ts';
import type { Vocabulary } from '../../core/seed/volume/story.ts';
import type { Finding } from '../../core/verdict.ts';
import type { LeaseDeps } from '../lease.ts';
import type { ResourceDeps, Resources } from '../resources.ts';

/** What seeding needs beside finding resources. */
export interface SeedDeps extends ResourceDeps, LeaseDeps {
  readonly clock: Clock;
  readonly openDataApi: () => DataApi;
  /** Users of Clerk; undefined where none is configured. */
  readonly openClerk: () => SignInUsers | undefined;
  readonly openBulk: () => BulkTables;
  /** Production's database, read by a role that cannot write. */
  readonly source: SourceDatabase;
  /** Staging's database, read as the source is. */
  readonly openTarget: () => SourceDatabase;
  readonly openPauses: () => Pick<QueuePauses, 'pause'>;
  readonly openCache: () => Pick<Cache, 'removeKeys' | 'countKeys' | 'entries' | 'write'>;
  readonly openJobs: () => JobStore;
  /** Reads a profile of jobs and keys, and the hash that is its version. */
  readonly readQueueSeed: (profile: string) => Promise<{ readonly plan: QueuePlan; readonly version: string }>;
  /** Reads a seed profile and the hash that is its version. */
  readonly readSeed: (profile: string) => Promise<{ readonly plan: SeedPlan; readonly version: string }>;
  /** Returns the names that the volume seed draws from. */
  readonly vocabulary: (seed: number) => Promise<Vocabulary>;
}

/** What seeding is asked for. */
export interface SeedChoice {
  readonly profile: string;
  /** Rows of the profile `volume`, in all tables together. */
  readonly rows?: number | undefined;
  /** Copies production's rows, anonymised, instead of writing a profile. */
  readonly from?: 'production' | undefined;
  /** Empties what the profile owns first. */
  readonly reset?: SeedReset | undefined;
}

/** Consent to empty. */
export interface SeedReset {
  /** The environment's name as it was typed, if it was. */
  readonly confirm: string | undefined;
  /** With true nothing is removed, so nothing need be confirmed. */
  readonly dryRun: boolean;
}

/** What became of a table. */
export interface SeededTable {
  readonly table: string;
  readonly rows: number;
  readonly changed: number;
  /** Of the seed's rows as they are stored: the same rows with the same values have the same one. */
  readonly fingerprint: string;
}

/** What became of the jobs of a queue, or of the keys of the cache. */
export interface SeededEntries {
  /** Name of the queue; `cache` for keys. */
  readonly name: string;
  readonly kind: 'jobs' | 'keys';
  readonly entries: number;
  readonly changed: number;
  /** Of the seed's entries as they are stored. */
  readonly fingerprint: string;
}

/** What seeding reports beside its findings. */
export interface SeedDetails {
  readonly profile: string;
  /** Hash of the seed file's meaning, or the seed's kind, size and value. */
  readonly seedVersion: string;
  readonly users: { readonly wanted: number; readonly changed: number };
  /** In the order in which they are written. */
  readonly tables: readonly SeededTable[];
  /** What stands in Redis. */
  readonly entries: readonly SeededEntries[];
  /** Users, rows, jobs and keys that this run created or changed. */
  readonly changed: number;
  /** Rows of these tables whose foreign key leads nowhere; null where the database was not looked at. */
  readonly orphans: number | null;
}

/** Refuses to write to production's database. */
export function guardDatabase(deps: SeedDeps, resources: Resources): void {
  const { ref, name } = resources.database.get();
  guardProduction({ what: 'Supabase project', identities: [ref, name] }, deps.settings.production);
}

/** Refuses to write to production's Redis. */
export function guardCache(deps: SeedDeps, resources: Resources): void {
  const { id, name } = resources.cache.get();
  guardProduction({ what: 'Upstash database', identities: [id, name] }, deps.settings.production);
}

/** Counts rows of these tables whose foreign key leads nowhere, and names the keys. */
export async function countOrphans(deps: SeedDeps, tables: readonly string[], io: StepIo): Promise<number> {
  const found = await deps.openBulk().orphans(tables, io.signal);
  for (const { table, constraint, rows } of found) io.note(`${rows} rows of ${table} lead nowhere by ${constraint}`);
  return found.reduce((sum, { rows }) => sum + rows, 0);
}

/** Returns the result of a seed: a finding for the users, each table and queue, and the orphans. */
export function seedResult(deps: SeedDeps, details: SeedDetails, startedAtMs: number) {
  const { users, tables, entries, orphans } = details;
  const findings: readonly Finding[] = [
    ...(users.wanted === 0
      ? []
      : [
          {
            id: 'users',
            title: 'Users',
            verdict: 'green' as const,
            seen: `${users.wanted} (${users.changed} changed)`,
            expected: `${users.wanted} who can sign in`,
          },
        ]),
    ...tables.map((table) => ({
      id: table.table.replaceAll('_', '-'),
      title: table.table,
      verdict: 'green' as const,
      seen: `${count(table.rows)} rows as wished (${count(table.changed)} changed), fingerprint ${table.fingerprint}`,
      expected: `${count(table.rows)} rows`,
    })),
    ...entries.map((stored) => ({
      id: `${stored.kind}-${stored.name}`,
      title: stored.name,
      verdict: 'green' as const,
      seen: `${count(stored.entries)} ${stored.kind} as wished (${count(stored.changed)} changed), fingerprint ${stored.fingerprint}`,
      expected: `${count(stored.entries)} ${stored.kind}`,
    })),
    ...(orphans === null ? [] : [orphansFinding(orphans)]),
  ];
  return stageResult('seed', findings, startedAtMs, deps.clock, details, summaryOf(details));
}

function orphansFinding(orphans: number): Finding {
  return {
    id: 'orphans',
    title: 'Orphans',
    verdict: orphans === 0 ? 'green' : 'red',
    seen: `${count(orphans)} rows lead nowhere`,
    expected: '0',
    ...(orphans === 0 ? {} : { message: `${count(orphans)} rows refer to rows that do not exist.` }),
  };
}

function summaryOf({ users, tables, entries, changed }: SeedDetails): string {
  const sumOf = (kind: SeededEntries['kind']) => entries.filter((each) => each.kind === kind).reduce((sum, each) => sum + each.entries, 0);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const what = users.wanted === 0 ? '' : `${countOf(users.wanted, 'user')} and `;
  const all = entries.length > 0 ? `${count(sumOf('jobs'))} jobs and ${count(sumOf('keys'))} keys` : `${what}${count(rows)} rows`;
  return `${all}, ${count(changed)} changed`;
}

/** Returns a whole number with commas between thousands. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
