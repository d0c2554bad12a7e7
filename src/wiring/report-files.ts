import { join, relative } from 'node:path';
import { writeDurably } from '../adapters/files/durable-file.ts';
import { thisMachine } from '../adapters/system/machine.ts';
import type { RunReport } from '../core/report.ts';
import { createRedactor } from '../core/redaction.ts';
import { renderReportHtml } from '../output/html/report.ts';
import { renderReportJson } from '../output/json.ts';
import type { UpOutcome } from '../stages/up.ts';
import type { App, ReportFiles } from './app.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** Returns what writes the report of one run below `.jv-staging/reports/<run>/`: HTML for people, JSON for programs; redacted. */
export function reportWriter(
  context: Context,
  deps: Deps,
  run: { readonly runId: string; readonly startedAtMs: number },
): App['writeReport'] {
  return async (outcome) => {
    const report = await runReport(context, deps, run, outcome);
    const folder = join(context.stateDir, 'reports', run.runId);
    const files: ReportFiles = { html: join(folder, 'report.html'), json: join(folder, 'report.json') };
    const redact = createRedactor([...deps.secrets()]);
    await writeDurably(files.html, await renderReportHtml(report, redact));
    await writeDurably(files.json, renderReportJson(report, redact));
    return { report, files, shownPath: relative(context.request.cwd, files.html) };
  };
}

async function runReport(
  context: Context,
  deps: Deps,
  run: { readonly runId: string; readonly startedAtMs: number },
  outcome: UpOutcome,
): Promise<RunReport> {
  const settings = context.settings();
  const release = releaseOf(outcome);
  return {
    runId: run.runId,
    environment: settings.environment,
    target: settings.target,
    url: deps.appOrigin(),
    openUrl: await deps.openUrl(),
    gitSha: release?.gitSha ?? null,
    releaseId: release?.id ?? null,
    verdict: outcome.verdict,
    stages: outcome.stages,
    notRun: outcome.notRun,
    startedAt: new Date(run.startedAtMs).toISOString(),
    durationMs: context.clock.nowMs() - run.startedAtMs,
    machine: thisMachine(),
    toolVersion: context.request.toolVersion,
  };
}

/** Returns the release that this run put out, if it came so far. */
function releaseOf(outcome: UpOutcome): { readonly id: string; readonly gitSha: string } | undefined {
  const details = outcome.stages.find((stage) => stage.stage === 'deploy')?.details;
  if (typeof details !== 'object' || details === null || !('releaseId' in details) || !('gitSha' in details)) return undefined;
  return { id: String(details.releaseId), gitSha: String(details.gitSha) };
}
