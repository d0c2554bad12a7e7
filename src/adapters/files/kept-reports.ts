import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StagingError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { CheckIssue } from '../../core/issues/issues.ts';
import { reportingCommands, type RunReport, stageNames } from '../../core/report.ts';
import { codeOf } from './durable-file.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const verdict = z.enum(['green', 'red', 'inconclusive', 'skipped']);

/** JSON has null for what is undefined in ours. */
const optional = <Value>(schema: z.ZodType<Value>) => schema.nullish().transform((value) => value ?? undefined);

const finding = z.object({
  id: z.string(),
  title: z.string(),
  verdict,
  seen: z.string(),
  expected: z.string(),
  message: optional(z.string()),
  fix: optional(z.string()),
  durationMs: optional(z.number()),
  about: optional(z.literal('configuration')),
  flaky: optional(z.boolean()),
});

const stage = z.object({
  stage: z.string(),
  verdict,
  summary: z.string(),
  findings: z.array(finding),
  startedAt: z.string(),
  durationMs: z.number(),
  details: z.unknown(),
});

const reportSchema = z.object({
  runId: z.string(),
  // Reports of before a gate alone left one are of `up`.
  command: z.enum(reportingCommands).default('up'),
  environment: z.string(),
  target: z.enum(['cloud', 'local']),
  url: z.string(),
  openUrl: z.string(),
  gitSha: z.string().nullable(),
  releaseId: z.string().nullable(),
  deploymentId: z.string().nullable().default(null),
  dirty: optional(z.boolean()),
  configurationChanged: optional(z.boolean()),
  verdict,
  stages: z.array(stage),
  notRun: z.array(z.object({ stage: z.enum(stageNames), reason: z.string() })),
  startedAt: z.string(),
  durationMs: z.number(),
  machine: z.object({ cpus: z.number(), cpuModel: z.string(), memoryBytes: z.number(), node: z.string(), platform: z.string() }),
  toolVersion: z.string(),
}) satisfies z.ZodType<RunReport>;

const issuesSchema = z.array(
  z.object({
    check: z.string(),
    title: z.string(),
    severity: z.string(),
    action: z.enum(['opened', 'updated', 'reopened', 'closed', 'unchanged']),
    planned: z.boolean(),
    number: z.number().nullable(),
    url: z.string().nullable(),
    resolution: z.string().nullable(),
  }),
) satisfies z.ZodType<readonly CheckIssue[]>;

/** The reports of earlier runs, a folder each. */
export interface KeptReports {
  /** Returns the ids of the runs that left a report, newest first: ids begin with the time. */
  runs(): Promise<readonly string[]>;
  /** Returns the report of a run, the newest when undefined. Throws `REPORT_NOT_FOUND` (kind `usage`), `STATE_DAMAGED`. */
  read(runId?: string): Promise<RunReport>;
  /** Keeps what became of the issues of a run's checks, beside its report: the report itself is evidence, and stays as it was written. */
  keepIssues(runId: string, issues: readonly CheckIssue[]): Promise<void>;
  /** Returns where the report of a run lies. */
  pathOf(runId: string): string;
}

/** Returns the reports kept below a folder. */
export function keptReports(folder: string): KeptReports {
  const runs = async () => {
    const names = await readdir(folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => runIdShape.test(name)).toSorted((a, b) => (a < b ? 1 : -1));
  };
  const pathOf = (runId: string) => join(folder, runId, 'report.json');
  const issuesOf = (runId: string) => join(folder, runId, 'issues.json');
  return {
    runs,
    read: async (runId) => {
      const known = await runs();
      const wanted = runId ?? known[0];
      if (wanted === undefined || !known.includes(wanted)) throw notFound(folder, wanted, known);
      const report = await readJsonFile(pathOf(wanted), reportSchema);
      if (report === undefined) throw notFound(folder, wanted, known);
      const issues = await readJsonFile(issuesOf(wanted), issuesSchema);
      return issues === undefined ? report : { ...report, issues };
    },
    keepIssues: (runId, issues) => writeJsonFile(issuesOf(runId), issues),
    pathOf,
  };
}

/** Reads a report from any file. Throws `REPORT_NOT_FOUND` (kind `usage`) and `STATE_DAMAGED` (kind `missing`). */
export async function readReportFile(path: string): Promise<RunReport> {
  const report = await readJsonFile(path, reportSchema);
  if (report !== undefined) return report;
  throw new StagingError('usage', 'REPORT_NOT_FOUND', `There is no report in ${printable(path)}.`, {
    fix: 'Name the report.json of an earlier run; `jv-staging report --format json > report.json` writes the newest.',
  });
}

const runIdShape = /^run_[0-9a-z]+$/;

function notFound(folder: string, wanted: string | undefined, known: readonly string[]): StagingError {
  const what = wanted === undefined ? 'There is no report yet' : `There is no report of a run ${printable(wanted)}`;
  const newest = known.slice(0, 5).join(', ');
  return new StagingError('usage', 'REPORT_NOT_FOUND', `${what} in ${printable(folder)}.`, {
    fix: newest === '' ? 'Run `jv-staging up`, or a gate alone.' : `Name one of the newest: ${newest}.`,
  });
}
