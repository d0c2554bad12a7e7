import { type LogEntry, logLine } from '../core/logs/logs.ts';

/** The logs that are shown. */
export interface ShownLogs {
  /** ISO 8601 UTC: how far back was asked. */
  readonly from: string;
  /** `complete` is false when there were more than the platform gives at once. */
  readonly sources: readonly { readonly source: string; readonly complete: boolean }[];
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
}

/** Returns the newest `limit` entries of logs as lines, and as warnings what is not among them. */
export function renderLogs(
  logs: EnvironmentLogs,
  limit: number,
): { readonly lines: readonly string[]; readonly warnings: readonly string[] } {
  const older = Math.max(0, logs.entries.length - limit);
  const clipped = logs.sources.filter(({ complete }) => !complete);
  return {
    lines: logs.entries.slice(older).map(logLine),
    warnings: [
      ...(older > 0 ? [`${older} older lines are not shown: \`--limit ${logs.entries.length}\` shows all.`] : []),
      ...(logs.entries.length === 0 ? [`No line was written since ${logs.from} that was asked for.`] : []),
      ...clipped.map(({ source }) => `There was more in the log of ${source} than is told at once: these are the newest lines.`),
    ],
  };
}
