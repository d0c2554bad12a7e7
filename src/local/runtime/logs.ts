/** One line that a deployment's build or its functions wrote. */
export interface LogLine {
  /** Counts a deployment's lines, from 0. */
  readonly serial: number;
  readonly atMs: number;
  readonly source: 'build' | 'runtime';
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** The last lines of each deployment, in memory. */
export interface Logs {
  add(id: string, line: Omit<LogLine, 'atMs' | 'serial'>): void;
  lines(id: string): readonly LogLine[];
  forget(id: string): void;
}

const maxLines = 1_000;
const maxLineLength = 4_096;

/** Returns empty logs, bounded to 1,000 lines of 4,096 characters a deployment. */
export function createLogs(): Logs {
  const byId = new Map<string, LogLine[]>();
  return {
    add: (id, line) => {
      const lines = byId.get(id) ?? [];
      byId.set(id, lines);
      lines.push({ ...line, text: line.text.slice(0, maxLineLength), atMs: Date.now(), serial: (lines.at(-1)?.serial ?? -1) + 1 });
      if (lines.length > maxLines) lines.splice(0, lines.length - maxLines);
    },
    lines: (id) => byId.get(id) ?? [],
    forget: (id) => void byId.delete(id),
  };
}
