import { open } from 'node:fs/promises';
import { openLogs } from '../runtime/logs.ts';

/** A row of the table `logs` that the platform's log queries read; times are ISO 8601 UTC without a zone. */
export interface LogRow {
  readonly id: string;
  readonly timestamp: string;
  readonly event_message: string;
  readonly severity_text: string;
  readonly source: 'postgres_logs' | 'auth_logs';
}

/** What the services of projects wrote. */
export interface ServiceLogs {
  /** Keeps a line that a project's Auth wrote: JSON. */
  addAuth(ref: string, line: string): void;
  rows(ref: string): Promise<readonly LogRow[]>;
  forget(ref: string): void;
  flush(): void;
}

/** How much of the server's log is read, from its end. */
const tailBytes = 4 * 1024 * 1024;

/** Opens the logs: those of Auth in `dir`, that of the one Postgres as it writes it itself (begun anew at each start). */
export function openServiceLogs(dir: string, postgresLog: string, onFailure: (error: unknown) => void): ServiceLogs {
  const auth = openLogs(dir, onFailure);
  return {
    addAuth: (ref, text) => auth.add(ref, { source: 'runtime', stream: 'stdout', text }),
    rows: async (ref) => [
      ...auth.lines(ref).map(({ serial, atMs, text }): LogRow => ({
        id: `auth-${serial}`,
        timestamp: timestampOf(new Date(atMs).toISOString()),
        event_message: text,
        severity_text: '',
        source: 'auth_logs',
      })),
      ...postgresRows(await tailOf(postgresLog), ref),
    ],
    forget: auth.forget,
    flush: auth.flush,
  };
}

/** The prefix of `log_line_prefix = '%m [%p] %d '`, then the level. */
const startOfLine = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] (\S*) ?([A-Z]+):  (.*)$/;

/** Levels that belong to the line before. */
const details: readonly string[] = ['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'];

/** Returns the entries of one database, and those of the server as a whole, which every hosted project has for itself. */
export function postgresRows(text: string, database: string): readonly LogRow[] {
  const rows: LogRow[] = [];
  let isOurs = false;
  for (const [number, line] of text.split('\n').entries()) {
    const [, day, time, of, level = '', message = ''] = startOfLine.exec(line) ?? [];
    if (day !== undefined && time !== undefined && !details.includes(level)) {
      isOurs = of === '' || of === database;
      if (isOurs) {
        const timestamp = timestampOf(`${day}T${time}Z`);
        rows.push({ id: `postgres-${number}`, timestamp, event_message: message, severity_text: level, source: 'postgres_logs' });
      }
      continue;
    }
    const before = rows.at(-1);
    if (!isOurs || before === undefined || line === '') continue;
    const more = day === undefined ? line.replace(/^\t/, '') : `${level}:  ${message}`;
    rows[rows.length - 1] = { ...before, event_message: `${before.event_message}\n${more}` };
  }
  return rows;
}

/** As the platform writes it: microseconds, no zone. */
function timestampOf(iso: string): string {
  return iso.replace(/Z$/, '000');
}

async function tailOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString('utf8', 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}
