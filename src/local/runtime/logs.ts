import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** One line that a deployment's build or its functions wrote. */
export interface LogLine {
  /** Counts a deployment's lines, from 0. */
  readonly serial: number;
  readonly atMs: number;
  readonly source: 'build' | 'runtime';
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** The last lines of each deployment. A line that was ever returned is there after `kill -9`. */
export interface Logs {
  add(id: string, line: Omit<LogLine, 'atMs' | 'serial'>): void;
  lines(id: string): readonly LogLine[];
  forget(id: string): void;
  /** Writes what is not written yet. */
  flush(): void;
}

/** Bounds of a deployment's log: lines and their length; a file over `fileBytes` is set aside, and the one before it is removed. */
export interface LogBounds {
  readonly linesPerSource: number;
  readonly lineLength: number;
  readonly fileBytes: number;
}

const defaults: LogBounds = { linesPerSource: 2_000, lineLength: 4_096, fileBytes: 1024 * 1024 };

/**
 * Opens the logs in `dir`; a deployment's lines are read when they are first asked for. What build and functions say is bounded
 * apart. `onFailure` hears of lines that could not be written, as on a full disk: those are in memory alone.
 */
export function openLogs(dir: string, onFailure: (error: unknown) => void, bounds: LogBounds = defaults): Logs {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const known = new Map<string, DeploymentLog>();
  const unwritten = new Set<DeploymentLog>();
  const logOf = (id: string) => {
    const log = known.get(id) ?? openLog(dir, id, bounds);
    known.set(id, log);
    return log;
  };
  const flush = () => {
    const logs = [...unwritten];
    unwritten.clear();
    for (const log of logs) {
      try {
        log.write();
      } catch (error) {
        onFailure(error);
      }
    }
  };
  return {
    add: (id, line) => {
      const log = logOf(id);
      log.add(line);
      // One write for all lines that came together: a chatty function would cost a system call for each.
      if (unwritten.size === 0) setImmediate(flush);
      unwritten.add(log);
    },
    lines: (id) => {
      flush();
      return logOf(id).lines();
    },
    forget: (id) => {
      const log = logOf(id);
      unwritten.delete(log);
      known.delete(id);
      log.remove();
    },
    flush,
  };
}

interface DeploymentLog {
  add(line: Omit<LogLine, 'atMs' | 'serial'>): void;
  lines(): readonly LogLine[];
  write(): void;
  remove(): void;
}

const sources = ['build', 'runtime'] as const;

function openLog(dir: string, id: string, bounds: LogBounds): DeploymentLog {
  const bySource = { build: openFile(dir, `${id}.build`, bounds), runtime: openFile(dir, `${id}.runtime`, bounds) };
  let serial = Math.max(-1, ...sources.map((source) => bySource[source].lines.at(-1)?.serial ?? -1));
  return {
    add: (line) => {
      serial++;
      bySource[line.source].add({ ...line, text: line.text.slice(0, bounds.lineLength), atMs: Date.now(), serial });
    },
    lines: () => sources.flatMap((source) => bySource[source].lines).toSorted((left, right) => left.serial - right.serial),
    write: () => {
      for (const source of sources) bySource[source].write();
    },
    remove: () => {
      for (const source of sources) bySource[source].remove();
    },
  };
}

interface LogFile {
  readonly lines: readonly LogLine[];
  add(line: LogLine): void;
  write(): void;
  remove(): void;
}

function openFile(dir: string, name: string, { linesPerSource, fileBytes }: LogBounds): LogFile {
  const [path, older] = [join(dir, `${name}.ndjson`), join(dir, `${name}.older.ndjson`)];
  const kept = read(path);
  const lines = [...parse(read(older)), ...parse(kept)].slice(-linesPerSource);
  let sizeBytes = Buffer.byteLength(kept);
  // The last line of a killed writer has no end; the next one must not be joined to it.
  let pending = kept === '' || kept.endsWith('\n') ? '' : '\n';
  return {
    lines,
    add: (line) => {
      lines.push(line);
      if (lines.length > linesPerSource) lines.splice(0, lines.length - linesPerSource);
      pending += `${JSON.stringify(line)}\n`;
    },
    write: () => {
      if (pending === '') return;
      const text = pending;
      pending = '';
      if (sizeBytes > fileBytes) {
        renameSync(path, older);
        sizeBytes = 0;
      }
      appendFileSync(path, text, { mode: 0o600 });
      sizeBytes += Buffer.byteLength(text);
    },
    remove: () => {
      for (const file of [path, older]) rmSync(file, { force: true });
    },
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function parse(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      const parsed: LogLine = JSON.parse(line);
      return [parsed];
    } catch {
      return []; // empty, or the last line of a killed writer
    }
  });
}
