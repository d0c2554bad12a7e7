import { parseDuration } from '../config/duration.ts';
import type { LogEntry, LogSource } from '../core/logs/logs.ts';
import { type EnvironmentLogs, followLogs, type LogsChoice, type LogsDeps, readLogs } from '../stages/logs.ts';
import type { Resources } from '../stages/resources.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** What `logs` was asked for. */
export interface LogsRequest {
  /** How far back, e.g. `10m`. */
  readonly since: string;
  readonly grep: string | undefined;
  readonly sources: readonly LogSource[];
}

/** What `logs` does. Throws `DURATION_INVALID` and `LOGS_TOO_LONG` (exit 2). */
export interface LogCommands {
  read(request: LogsRequest): Promise<EnvironmentLogs>;
  /** Yields what there is, then what comes, until the run is interrupted. */
  follow(request: LogsRequest): AsyncIterable<readonly LogEntry[]>;
}

/** Returns what reads the environment's logs. */
export function logCommands({ clock, request: { signal } }: Context, deps: Deps, resources: Resources): LogCommands {
  const choice = ({ since, grep, sources }: LogsRequest): LogsChoice => ({ sinceMs: parseDuration(since, '--since'), grep, sources });
  const logsDeps = (): LogsDeps => {
    const { appLogs, databaseLogs } = deps.platforms();
    return { ...deps.locating(), clock, appLogs, databaseLogs };
  };
  return {
    read: async (wanted) => readLogs(logsDeps(), resources, choice(wanted), signal),
    follow: (wanted) => followLogs(logsDeps(), resources, choice(wanted), signal),
  };
}
