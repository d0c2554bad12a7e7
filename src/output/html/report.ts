import type { Redactor } from '../../core/redaction.ts';
import { isAddressAlone, type RunReport, stageNames } from '../../core/report.ts';
import type { Finding } from '../../core/verdict.ts';
import { cleanFor } from '../human.ts';
import { issueSentence } from '../issue-lines.ts';
import { formatBytes, formatDuration, formatMoment } from '../measures.ts';
import { verdictMark } from '../paint.ts';
import { isLoadDetails, isPerfDetails, isWatchDetails } from './details.ts';
import { html, type Markup, trusted } from './markup.ts';
import { stageSection, verdictChip, verdictClass } from './sections.ts';
import { styles } from './styles.ts';

/** Nothing may be loaded or run, whatever stands in the page. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/**
 * Returns the report as one page of HTML: self-contained, no script, no request; every text of the report is redacted and
 * escaped. Charts are drawn where a stage carries measurements.
 */
export async function renderReportHtml(run: RunReport, redact?: Redactor): Promise<string> {
  const report = cleanFor({ redact }, run);
  const drawn = report.stages.some(({ details }) => isPerfDetails(details) || isLoadDetails(details) || isWatchDetails(details));
  const draw = drawn ? (await import('./draw-chart.ts')).createChartDrawer() : undefined;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <link rel="icon" href="data:," />
        <title>${report.environment} is ${report.verdict}: jv-staging report</title>
        <style>
          ${trusted(styles)}
        </style>
      </head>
      <body>
        ${pageHeader(report)}
        <main>
          ${problemsCard(report)} ${factsCard(report)} ${report.stages.map((stage, at) => stageSection(stage, at, draw))}
          ${notRunCard(report)} ${issuesCard(report)}
        </main>
        <footer>
          <p>
            jv-staging ${report.toolVersion}, run <code>${report.runId}</code>. Only green is green: a stage that was skipped, was not
            reached or could not be measured has not passed.
          </p>
        </footer>
      </body>
    </html> `.markup;
}

function pageHeader(report: RunReport): Markup {
  return html`<header>
    <p class="eyebrow">Staging report</p>
    <h1>${report.environment} ${verdictChip(report.verdict)}</h1>
    <p class="lead">
      ${report.stages.length === 1 ? `${report.command} alone` : `${report.stages.length} stages`} in ${formatDuration(report.durationMs)},
      ${formatMoment(report.startedAt)}
    </p>
    <nav aria-label="Stages">
      <ol>
        ${navItems(report)}
      </ol>
    </nav>
  </header>`;
}

/** The stages in their own order, those that did not run among them. */
function navItems(report: RunReport): readonly Markup[] {
  const ran = report.stages.map((stage, at) => ({
    name: stage.stage,
    item: html`<li>
      <a href="#stage-${at}"
        ><span class="name">${stage.stage}</span
        ><span class="verdict ${verdictClass(stage.verdict)}">${verdictMark(stage.verdict).sign} ${stage.verdict}</span
        ><span class="took">${formatDuration(stage.durationMs)}</span></a
      >
    </li>`,
  }));
  const absent = report.notRun.map(({ stage }) => ({
    name: stage,
    item: html`<li>
      <div class="absent">
        <span class="name">${stage}</span><span class="verdict skipped">${verdictMark('skipped').sign} not run</span>
      </div>
    </li>`,
  }));
  const place = (name: string) => stageNames.findIndex((stage) => stage === name);
  return [...ran, ...absent].toSorted((a, b) => place(a.name) - place(b.name)).map(({ item }) => item);
}

function factsCard(report: RunReport): Markup {
  const { machine } = report;
  const fact = (name: string, value: string | Markup) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  return html`<section class="card" aria-label="Run">
    <dl class="facts">
      ${fact('Address', address(report.url))}
      ${report.openUrl === report.url ? null : fact('Opens on this machine', address(report.openUrl))}
      ${isAddressAlone(report) ? fact('Configuration', 'none: the address alone was asked') : releaseFacts(report, fact)}
      ${fact('Measured on', `${machine.cpus} × ${machine.cpuModel}, ${formatBytes(machine.memoryBytes)}, ${machine.platform}, Node ${machine.node}`)}
    </dl>
  </section>`;
}

function releaseFacts(report: RunReport, fact: (name: string, value: string | Markup) => Markup): Markup {
  return html`${fact('Target', report.target)} ${fact('Commit', html`<code>${report.gitSha?.slice(0, 12) ?? 'unknown'}</code>`)}
  ${fact('Release', html`<code>${report.releaseId ?? 'none'}</code>`)}`;
}

/** A link for http(s) only. */
function address(url: string): Markup {
  return /^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${url}</a>` : html`${url}`;
}

function problemsCard(report: RunReport): Markup | null {
  const problems = report.stages.flatMap((stage, at) =>
    stage.findings
      .filter(({ verdict }) => verdict === 'red' || verdict === 'inconclusive')
      .map((finding) => problem(stage.stage, finding, at)),
  );
  if (problems.length === 0) return null;
  return html`<section class="card problems" aria-labelledby="problems">
    <h2 id="problems">What is not green</h2>
    <ul>
      ${problems}
    </ul>
  </section>`;
}

function problem(stage: string, finding: Finding, at: number): Markup {
  return html`<li><a href="#stage-${at}">${stage}</a>: ${finding.title}. Seen: <b>${finding.seen}</b>; expected: ${finding.expected}.</li>`;
}

function notRunCard(report: RunReport): Markup | null {
  if (report.notRun.length === 0) return null;
  return html`<section class="card" aria-labelledby="not-run">
    <h2 id="not-run">Not run</h2>
    <ul>
      ${report.notRun.map(({ stage, reason }) => html`<li>${stage}: ${reason}</li>`)}
    </ul>
  </section>`;
}

function issuesCard({ issues = [] }: RunReport): Markup | null {
  if (issues.length === 0) return null;
  return html`<section class="card" aria-labelledby="issues">
    <h2 id="issues">Issues</h2>
    <ul>
      ${issues.map((issue) => html`<li>${issue.title}: ${issueSentence(issue)}. ${issue.url === null ? null : address(issue.url)} ${issue.resolution === null ? null : html`Resolution: ${issue.resolution}.`}</li>`)}
    </ul>
  </section>`;
}
