import { escapeControl } from '../redaction.ts';

/** Where a line comes from: the app's functions, the database server, or the service that signs users in. */
export const logSources = ['app', 'postgres', 'auth'] as const;

/** See `logSources`. */
export type LogSource = (typeof logSources)[number];

/** A line of a log, or several that belong together. */
export interface LogEntry {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly source: LogSource;
  /** As the source says it, in lower case; null where it says none. */
  readonly level: string | null;
  /** As it was written: it may hold secrets and control characters. */
  readonly message: string;
  /** Of the app's lines alone. */
  readonly deploymentId: string | null;
}

/** A span of time, in milliseconds since 1970 UTC; the end is not part of it. */
export interface LogWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Returns entries of several sources in order of time; those of one moment in the order of their sources and as they came. */
export function mergeLogs(logs: readonly (readonly LogEntry[])[]): readonly LogEntry[] {
  return logs.flat().toSorted((left, right) => (left.at === right.at ? 0 : left.at < right.at ? -1 : 1));
}

/** Returns true when an entry has the text in its level or message, whatever the case; every entry has the text that is undefined. */
export function holdsText({ level, message }: LogEntry, text: string | undefined): boolean {
  return text === undefined || `${level ?? ''} ${message}`.toLowerCase().includes(text.toLowerCase());
}

/** Returns the entries that were not read before. Two lines that are the same in all are two: as many as were read are left out. */
export function newEntries(before: readonly LogEntry[], read: readonly LogEntry[]): readonly LogEntry[] {
  const known = new Map<string, number>();
  for (const entry of before) known.set(keyOf(entry), (known.get(keyOf(entry)) ?? 0) + 1);
  return read.filter((entry) => {
    const left = known.get(keyOf(entry)) ?? 0;
    known.set(keyOf(entry), left - 1);
    return left <= 0;
  });
}

function keyOf({ at, source, level, message, deploymentId }: LogEntry): string {
  return JSON.stringify([at, source, level, message, deploymentId]);
}

/** Returns an entry as one line for a terminal: time, source, level, message. Control characters and line feeds in it are made visible. */
export function logLine({ at, source, level, message }: LogEntry): string {
  const text = escapeControl(message.trimEnd()).replaceAll('\n', String.raw`\n`);
  return `${at} ${source.padEnd(8)} ${escapeControl(level ?? '-')
    .replaceAll('\n', ' ')
    .padEnd(7)} ${text}`;
}
