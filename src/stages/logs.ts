import { StagingError } from '../core/errors.ts';
import { holdsText, type LogEntry, logLine, type LogSource, type LogWindow, mergeLogs, newEntries } from '../core/logs/logs.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { AppLogs, DatabaseLogs, LogsRead } from '../core/ports/logs.ts';
import { findCache, findDatabase, findProject, readAccess, type ResourceDeps, type Resources } from './resources.ts';

/** What reading logs needs beside finding resources. */
export interface LogsDeps extends ResourceDeps {
  readonly clock: Clock;
  readonly appLogs: AppLogs;
  readonly databaseLogs: DatabaseLogs;
}

/** What is asked of the logs. */
export interface LogsChoice {
  /** How far back, in milliseconds: a day at most. */
  readonly sinceMs: number;
  /** Text that a line must hold, whatever the case. */
  readonly grep: string | undefined;
  readonly sources: readonly LogSource[];
}

/** What was read of the logs. */
export interface EnvironmentLogs {
  readonly environment: string;
  /** ISO 8601 UTC, both. */
  readonly from: string;
  readonly to: string;
  readonly sources: readonly {
    readonly source: LogSource;
    readonly read: number;
    readonly shown: number;
    /** False when there were more than the platform gives at once: the newest are here then. */
    readonly complete: boolean;
  }[];
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
}

/** Returns the newest `limit` lines as people read them, and what is to be said of those that are not among them. */
export function shownLogs(
  { entries, sources, from }: EnvironmentLogs,
  limit: number,
): { readonly lines: readonly string[]; readonly notes: readonly string[] } {
  const older = Math.max(0, entries.length - limit);
  const cut = sources.filter(({ complete }) => !complete);
  return {
    lines: entries.slice(older).map(logLine),
    notes: [
      ...(older === 0 ? [] : [`${older} older lines are not shown: \`--limit ${entries.length}\` shows all.`]),
      ...(entries.length === 0 ? [`No line was written since ${from} that was asked for.`] : []),
      ...cut.map(({ source }) => `There was more in the log of ${source} than is told at once: these are the newest lines.`),
    ],
  };
}

const dayMs = 86_400_000;

/** Lines come late: this much of what was read already is read again. */
const overlapMs = 60_000;

/** Time between two looks: the platforms allow some 30 a minute. */
const lookEveryMs = { cloud: 5000, local: 1000 } as const;

/**
 * Returns what app, database and sign-in wrote, merged by time; changes nothing. Throws `LOGS_TOO_LONG` (exit 2), `RESOURCE_MISSING` (exit 3) and
 * what the platforms throw.
 */
export async function readLogs(deps: LogsDeps, resources: Resources, choice: LogsChoice, signal: AbortSignal): Promise<EnvironmentLogs> {
  const toMs = deps.clock.nowMs();
  const window = { fromMs: toMs - sinceOf(choice), toMs };
  await locate(deps, resources, signal);
  const read = await readAll(deps, resources, choice, window, signal);
  const shown = read.map(({ entries }) => entries.filter((entry) => holdsText(entry, choice.grep)));
  return {
    environment: deps.settings.name,
    from: new Date(window.fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    sources: choice.sources.map((source, at) => ({
      source,
      read: read[at]?.entries.length ?? 0,
      shown: shown[at]?.length ?? 0,
      complete: read[at]?.complete ?? true,
    })),
    entries: mergeLogs(shown),
  };
}

/** Yields what `readLogs` would return, and then what comes, until the signal is aborted: that is its end, and no error. */
export async function* followLogs(
  deps: LogsDeps,
  resources: Resources,
  choice: LogsChoice,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  let fromMs = deps.clock.nowMs() - sinceOf(choice);
  await locate(deps, resources, signal);
  let before: readonly LogEntry[] = [];
  try {
    for (;;) {
      const toMs = deps.clock.nowMs();
      const read = await readAll(deps, resources, choice, { fromMs, toMs }, signal);
      const entries = mergeLogs(read.map((each) => each.entries));
      const fresh = newEntries(before, entries).filter((entry) => holdsText(entry, choice.grep));
      if (fresh.length > 0) yield fresh;
      before = entries;
      fromMs = Math.max(fromMs, toMs - overlapMs);
      await deps.clock.sleep(lookEveryMs[deps.settings.target], signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function sinceOf({ sinceMs }: LogsChoice): number {
  if (sinceMs > 0 && sinceMs <= dayMs) return sinceMs;
  throw new StagingError(
    'usage',
    'LOGS_TOO_LONG',
    `--since is ${sinceMs / 1000} s, expected more than 0 and at most 24h: Supabase tells of no more at once.`,
    {
      fix: 'Pass `--since 24h` or less.',
    },
  );
}

async function locate(deps: LogsDeps, resources: Resources, signal: AbortSignal): Promise<void> {
  const [project, database, cache] = await Promise.all([
    findProject(deps, resources, signal),
    findDatabase(deps, resources, signal),
    findCache(deps, resources, signal),
  ]);
  const lacking = project === undefined ? 'Vercel project' : database === undefined ? 'Supabase project' : undefined;
  if (lacking !== undefined) {
    throw new StagingError('missing', 'RESOURCE_MISSING', `There is no ${lacking} named ${deps.settings.name}.`, {
      fix: 'Run `jv-staging provision`.',
    });
  }
  // Whoever knows the keys can hide them: lines of the app may hold any of them.
  if (cache !== undefined) await readAccess(deps, resources, signal);
}

function readAll(
  { appLogs, databaseLogs }: LogsDeps,
  resources: Resources,
  { sources }: LogsChoice,
  window: LogWindow,
  signal: AbortSignal,
): Promise<readonly LogsRead[]> {
  return Promise.all(
    sources.map((source) =>
      source === 'app'
        ? appLogs.read(resources.project.get().id, window, signal)
        : databaseLogs.read(resources.database.get().ref, source, window, signal),
    ),
  );
}
