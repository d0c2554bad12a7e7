import type { LogEntry, LogWindow } from '../logs/logs.ts';

/** What was read of a log. */
export interface LogsRead {
  readonly entries: readonly LogEntry[];
  /** False when there was more than the platform gives at once: the newest are here then. */
  readonly complete: boolean;
}

/** What the functions of a project's releases wrote. Throws `VERCEL_…` errors. */
export interface AppLogs {
  read(projectId: string, window: LogWindow, signal: AbortSignal): Promise<LogsRead>;
}

/** What a database project's server and its sign-in service wrote. Throws `SUPABASE_…` errors. */
export interface DatabaseLogs {
  read(ref: string, source: 'postgres' | 'auth', window: LogWindow, signal: AbortSignal): Promise<LogsRead>;
}
