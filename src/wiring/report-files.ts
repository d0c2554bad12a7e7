import { join, relative, resolve } from 'node:path';
import { appendToFile } from '../adapters/files/append.ts';
import { writeDurably } from '../adapters/files/durable-file.ts';
import { keptReports } from '../adapters/files/kept-reports.ts';
import { isChangedInGit } from '../adapters/source/git-state.ts';
import { thisMachine } from '../adapters/system/machine.ts';
import { childEnvironment } from '../config/environment.ts';
import { createRedactor, type Redactor } from '../core/redaction.ts';
import { liveRelease } from '../core/release/release.ts';
import type { RunReport } from '../core/report.ts';
import type { StageResult } from '../core/verdict.ts';
import { outputLines } from '../output/github.ts';
import { renderReport, type ReportFormat } from '../output/report-formats.ts';
import type { Resources } from '../stages/resources.ts';
import type { UpOutcome } from '../stages/up.ts';
import { parseAddress } from './address.ts';
import type { App, ReportedRun, ReportFiles } from './app.ts';
import type { Context } from './context.ts';
import type { Deps } from './deps.ts';

/** One run of the tool. */
export interface OwnRun {
  readonly runId: string;
  readonly startedAtMs: number;
}

/** Which release a run is about. */
type About = Pick<RunReport, 'gitSha' | 'releaseId' | 'deploymentId' | 'dirty'>;

/** GitHub takes 1 MiB a step (docs.github.com, "Adding a job summary", read 2026-11-26); longer summaries are refused whole. */
const summaryLimitBytes = 1_000_000;

const nothingKnown: About = { gitSha: null, releaseId: null, deploymentId: null };

/** Returns what writes the report of one run below `.jv-staging/reports/<run>/`, redacted, in all formats for files. */
export function reportWriter(context: Context, deps: Deps, resources: Resources, own: OwnRun): App['writeReport'] {
  return async (run, outcome) => {
    const { cwd } = context.request;
    const folders = [
      ...(run.dir === undefined ? [] : [resolve(cwd, run.dir)]),
      ...(context.loaded === undefined ? [] : [join(reportsFolder(context), own.runId)]),
    ];
    const [shown] = folders;
    if (shown === undefined) return undefined;
    const about = releaseOf(outcome.stages) ?? (await liveNow(context, deps, resources, run.url));
    const { dirty, ...release } = about;
    const written = await runReport(context, deps, own, { run, outcome });
    // Outside of git a release is known by its content, which says all of it.
    const isInGit = written.configurationChanged !== undefined;
    const report: RunReport = { ...written, ...release, ...(isInGit && dirty !== undefined ? { dirty } : {}) };
    const redact = createRedactor([...deps.secrets()]);
    for (const folder of folders) await writeFiles(report, filesIn(folder), redact);
    const files = filesIn(shown);
    await tellGitHub(context, report, redact);
    return { report, files, shownPath: relative(cwd, files.html), configPath: pathInRepository(context) };
  };
}

/**
 * Returns the release that a run of these stages is about: the one that it put out, else the live one. What came before a release, or broke
 * off on the way to one, is about none.
 */
export async function aboutRun(context: Context, deps: Deps, resources: Resources, stages: readonly StageResult[]): Promise<About> {
  const own = releaseOf(stages);
  if (own !== undefined) return own;
  return stages.some(({ stage }) => stage === 'provision' || stage === 'deploy') ? nothingKnown : liveNow(context, deps, resources);
}

/** Returns what reads the reports of earlier runs of the context's environment. */
export function reportReader(context: Context): App['readReport'] {
  return (runId) => keptReports(reportsFolder(context)).read(runId);
}

/** Returns the folder that the environment's reports are kept in. */
export function reportsFolder(context: Context): string {
  return join(context.stateDir, 'reports');
}

function filesIn(folder: string): ReportFiles {
  return {
    html: join(folder, 'report.html'),
    json: join(folder, 'report.json'),
    junit: join(folder, 'junit.xml'),
    markdown: join(folder, 'report.md'),
  };
}

async function writeFiles(report: RunReport, files: ReportFiles, redact: Redactor): Promise<void> {
  const write = async (path: string, format: ReportFormat) =>
    writeDurably(path, await renderReport(report, format, redact, { columns: 80, color: 0 }));
  // What programs read comes last: whoever finds it finds the others too.
  await write(files.html, 'html');
  await write(files.junit, 'junit');
  await write(files.markdown, 'md');
  await write(files.json, 'json');
}

async function tellGitHub(context: Context, report: RunReport, redact: Redactor): Promise<void> {
  const { github } = context.process;
  if (github?.stepSummary !== undefined) {
    const markdown = await renderReport(report, 'md', redact, { columns: 80, color: 0 });
    const fits = Buffer.byteLength(markdown) <= summaryLimitBytes;
    await appendToFile(github.stepSummary, fits ? markdown : `${report.environment} is ${report.verdict}: see report.md.\n`);
  }
  if (github?.output !== undefined) await appendToFile(github.output, outputLines(report, redact));
}

function pathInRepository({ loaded, process }: Context): string | undefined {
  const workspace = process.github?.workspace;
  return loaded === undefined || workspace === undefined ? undefined : relative(workspace, loaded.path);
}

async function runReport(
  context: Context,
  deps: Deps,
  own: OwnRun,
  { run, outcome }: { readonly run: ReportedRun; readonly outcome: UpOutcome },
): Promise<RunReport> {
  const named = run.url === undefined ? undefined : parseAddress(run.url);
  const url = named?.origin ?? deps.appOrigin();
  return {
    runId: own.runId,
    command: run.command,
    environment: context.loaded?.settings.environment ?? named?.host ?? 'unknown',
    target: context.target,
    url,
    openUrl: named === undefined ? await deps.openUrl() : url,
    ...nothingKnown,
    ...(await configurationState(context)),
    verdict: outcome.verdict,
    stages: outcome.stages,
    notRun: outcome.notRun,
    startedAt: new Date(own.startedAtMs).toISOString(),
    durationMs: context.clock.nowMs() - own.startedAtMs,
    machine: thisMachine(),
    toolVersion: context.request.toolVersion,
  };
}

/** Whether the configuration has changes that are in no commit, also asked of a run that was interrupted; nothing where git does not say. */
async function configurationState({ loaded }: Context): Promise<Pick<RunReport, 'configurationChanged'>> {
  if (loaded === undefined) return {};
  const configurationChanged = await isChangedInGit(loaded.path, childEnvironment(), new AbortController().signal).catch(() => undefined);
  return configurationChanged === undefined ? {} : { configurationChanged };
}

/** Returns the release that this run put out, if it came so far, or that it watched. */
function releaseOf(stages: readonly StageResult[]): About | undefined {
  const details = stages.find(({ stage }) => stage === 'deploy' || stage === 'watch')?.details;
  if (typeof details !== 'object' || details === null || !('releaseId' in details) || !('gitSha' in details)) return undefined;
  if (typeof details.releaseId !== 'string' || typeof details.gitSha !== 'string') return undefined;
  const deploymentId = 'deploymentId' in details && typeof details.deploymentId === 'string' ? details.deploymentId : null;
  const dirty = 'dirty' in details && typeof details.dirty === 'boolean' ? { dirty: details.dirty } : {};
  return { releaseId: details.releaseId, gitSha: details.gitSha, deploymentId, ...dirty };
}

/** Returns the release that is recorded as live on the environment's own address; nothing when the database does not say. */
async function liveNow(context: Context, deps: Deps, resources: Resources, url?: string): Promise<About> {
  if (url !== undefined || resources.databaseAccess.peek() === undefined) return nothingKnown;
  const records = await deps
    .openDatabase()
    .releases(context.settings().environment, context.request.signal)
    .catch(() => []);
  const live = liveRelease(records);
  if (live === undefined) return nothingKnown;
  return { gitSha: live.gitSha, releaseId: live.id, deploymentId: live.vercelDeploymentId, dirty: live.dirty };
}
