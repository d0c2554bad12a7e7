import { resolve } from 'node:path';
import { keptReports, readReportFile } from '../adapters/files/kept-reports.ts';
import { perfFiguresIn } from '../adapters/files/perf-figures.ts';
import { StagingError } from '../core/errors.ts';
import type { PerfBaseline } from '../core/perf/baseline.ts';
import type { WebTarget } from '../core/ports/web.ts';
import type { RunReport } from '../core/report.ts';
import type { PerfChoice } from './choices.ts';
import type { Context } from './context.ts';
import { reportsFolder } from './report-files.ts';

/** Reports that are looked through for a green one, newest first. */
const lookedThrough = 50;

/**
 * Returns the run that perf compares with: the report that was named, else the newest kept one whose perf was green at the same
 * address. Throws `REPORT_NOT_FOUND` (exit 2) and `BASELINE_UNUSABLE` (exit 2) for a named one.
 */
export async function perfBaseline(context: Context, target: WebTarget, { baseline }: PerfChoice): Promise<PerfBaseline | undefined> {
  if (baseline !== undefined) return namedBaseline(await readReportFile(resolve(context.request.cwd, baseline)), baseline);
  if (context.loaded === undefined) return undefined;
  const kept = keptReports(reportsFolder(context));
  for (const runId of (await kept.runs()).slice(0, lookedThrough)) {
    // What cannot be read is not compared with; `report` says what is wrong with it.
    const report = await kept.read(runId).catch(() => undefined);
    const figures = report === undefined || report.url !== target.origin ? undefined : greenPerf(report);
    if (report !== undefined && figures !== undefined) return { name: nameOf(report), figures };
  }
  return undefined;
}

function namedBaseline(report: RunReport, path: string): PerfBaseline {
  const figures = report.stages.map(({ details: found }) => perfFiguresIn(found)).find((found) => found !== undefined);
  if (figures !== undefined) return { name: nameOf(report), figures };
  throw new StagingError('usage', 'BASELINE_UNUSABLE', `The report in ${path} holds no figures of perf.`, {
    fix: 'Name the report.json of a run of `jv-staging perf` or `jv-staging up`.',
  });
}

function greenPerf(report: RunReport) {
  const perf = report.stages.find(({ stage, verdict }) => stage === 'perf' && verdict === 'green');
  return perf === undefined ? undefined : perfFiguresIn(perf.details);
}

function nameOf({ runId, releaseId }: RunReport): string {
  return releaseId === null ? runId : `${runId} (${releaseId})`;
}
