import { evidenceOf } from '../adapters/files/evidence.ts';
import { keptReports } from '../adapters/files/kept-reports.ts';
import type { GithubRepository } from '../adapters/github/github-api.ts';
import type { LocalEndpoints } from '../core/local/endpoints.ts';
import { createRedactor, mapTexts } from '../core/redaction.ts';
import { issuesRun } from '../stages/issues.ts';
import type { App } from './app.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';
import { openGithub } from './github.ts';
import { reportsFolder } from './report-files.ts';

/** Returns what brings the issues of a report up to date, in the repository that the gate asks. */
export function issuesOf(context: Context, deps: Deps, local: () => Promise<LocalEndpoints | undefined>): Pick<App, 'issues'> & Closing {
  let opened: GithubRepository | undefined;
  const kept = keptReports(reportsFolder(context));
  return {
    issues: (report) =>
      issuesRun(
        {
          labels: context.settings().gate.severityLabels,
          tracker: async () => (opened ??= openGithub(context, await local())).issues,
          evidence: async () => ({
            file: await evidenceOf(kept.pathOf(report.runId), context.request.cwd),
            jobUrl: context.process.github?.runUrl ?? null,
          }),
          keep: (issues) => kept.keepIssues(report.runId, issues),
        },
        // It leaves this machine: whatever became secret since it was written is hidden too.
        mapTexts(report, createRedactor([...deps.secrets()])),
      ),
    close: async () => opened?.close(),
  };
}

interface Closing {
  close(): Promise<void>;
}
