import type { RequestStatistics } from '../../core/load/load.ts';
import type { LoadDetails, PerfDetails } from '../../core/report.ts';
import { type DrillLegs, timedSteps } from '../../core/rollback/drill.ts';
import type { WatchDetails } from '../../core/smoke/watch.ts';
import type { Finding, StageResult, Verdict } from '../../core/verdict.ts';
import { formatDuration, formatShare, trimmed } from '../measures.ts';
import { verdictMark } from '../paint.ts';
import type { ChartDrawer } from './chart.ts';
import { isDrillLegs, isLoadDetails, isPerfDetails, isSmokeDetails, isWatchDetails } from './details.ts';
import { loadCharts } from './load-charts.ts';
import { figuresTable } from './figures.ts';
import { html, type Markup } from './markup.ts';
import { memoryCharts, poolCharts } from './memory-charts.ts';
import { perfCharts } from './perf-charts.ts';
import { watchCharts } from './watch-chart.ts';
import { baselineTable, filmstrips, statementsTable } from './perf-parts.ts';

/** Returns a verdict as a coloured label with its sign. */
export function verdictChip(verdict: Verdict): Markup {
  return html`<span class="chip ${verdictClass(verdict)}"><span aria-hidden="true">${verdictMark(verdict).sign}</span>${verdict}</span>`;
}

/** Returns the class of a verdict; a verdict that we do not know looks like one that is missing. */
export function verdictClass(verdict: Verdict): string {
  switch (verdict) {
    case 'green':
    case 'red':
    case 'inconclusive':
      return verdict;
    case 'skipped':
    default:
      return 'skipped';
  }
}

/** Returns one stage: verdict, findings, charts and figures. `at` numbers the stage, for links. */
export function stageSection(stage: StageResult, at: number, draw: ChartDrawer | undefined): Markup {
  return html`<section class="card" id="stage-${at}" aria-labelledby="stage-${at}-name">
    <div class="stage-head">
      <h2 id="stage-${at}-name">${stage.stage}</h2>
      ${verdictChip(stage.verdict)}<span class="took">${formatDuration(stage.durationMs)}</span>
    </div>
    <p class="summary">${withCode(stage.summary)}</p>
    ${findingsTable(stage.findings)} ${stageDetails(stage, draw)}
  </section>`;
}

function findingsTable(findings: readonly Finding[]): Markup | null {
  if (findings.length === 0) return null;
  return html`<table class="findings">
    <thead>
      <tr>
        <th scope="col">What was looked at</th>
        <th scope="col">Seen</th>
        <th scope="col">Expected</th>
      </tr>
    </thead>
    <tbody>
      ${findings.map(findingRow)}
    </tbody>
  </table>`;
}

function findingRow(finding: Finding): Markup {
  const well = finding.verdict === 'green';
  const sign = html`<span class="sign ${verdictClass(finding.verdict)}" role="img" aria-label="${finding.verdict}"
    >${verdictMark(finding.verdict).sign}</span
  >`;
  const why = !well && finding.message ? html`<p class="why">${finding.message}</p>` : null;
  const fix = !well && finding.fix ? html`<p class="fix"><b>Fix:</b> ${withCode(finding.fix)}</p>` : null;
  return html`<tr>
    <td>${sign}${finding.title}${why}${fix}</td>
    <td class="value" data-label="seen">${finding.seen}</td>
    <td class="value expected" data-label="expected">${finding.expected}</td>
  </tr>`;
}

/** Commands between back ticks become code. */
function withCode(text: string): readonly Markup[] {
  return text.split(/`([^`]+)`/).map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function stageDetails({ details, startedAt }: StageResult, draw: ChartDrawer | undefined): Markup | null {
  if (isLoadDetails(details)) return html`${draw === undefined ? null : loadCharts(details).map(draw)}${loadFigures(details)}`;
  if (isPerfDetails(details)) return perfParts(details, draw);
  if (isWatchDetails(details))
    return html`${draw === undefined ? null : watchCharts(details, startedAt).map(draw)}${outagesTable(details)}`;
  if (isDrillLegs(details)) return drillTable(details);
  if (isSmokeDetails(details) && details.notInProfile.length > 0) {
    return html`<p class="summary">
      Profile ${details.profile}: ${details.notInProfile.length} checks are not part of it (${details.notInProfile.join(', ')}).
    </p>`;
  }
  return null;
}

/** The time of each way and what of it each step took; the rest is reading and recording between them. */
function drillTable({ legs }: DrillLegs): Markup {
  const walked = Object.entries(timedSteps).filter(([id]) => legs.some(({ steps }) => steps.some((step) => step.id === id)));
  const rows = legs.map(({ direction, to, rtoMs, steps }) => [
    `${direction === 'back' ? 'Back' : 'Forward'} to ${to}`,
    formatDuration(rtoMs),
    ...walked.map(([id]) => {
      const step = steps.find((each) => each.id === id);
      return step === undefined ? '–' : formatDuration(step.durationMs);
    }),
  ]);
  return html`<p class="summary">RTO: from the first change until smoke had proven the release on the domain.</p>
    ${figuresTable(['Way', 'RTO', ...walked.map(([, name]) => name)], rows)}`;
}

function outagesTable({ outages, everyMs, unwatchedMs }: WatchDetails): Markup {
  const gaps = unwatchedMs > 0 ? ` Nobody looked for ${formatDuration(unwatchedMs)} of the time.` : '';
  const rows = outages.map(({ from, durationMs, samples, checks, message }) => [
    from.slice(0, 19).replace('T', ' '),
    formatDuration(durationMs),
    String(samples),
    checks.join(', '),
    message,
  ]);
  return html`<p class="summary">One look every ${formatDuration(everyMs)}.${gaps}</p>
    ${rows.length === 0 ? null : figuresTable(['Outage from (UTC)', 'Length', 'Looks', 'Checks', 'First said'], rows)}`;
}

function perfParts(details: PerfDetails, draw: ChartDrawer | undefined): Markup {
  const charts = [...perfCharts(details), ...poolCharts(details), ...memoryCharts(details)];
  return html`${filmstrips(details)}${draw === undefined ? null : charts.map(draw)}${perfFigures(details)}${statementsTable(
    details,
  )}${baselineTable(details)}`;
}

function loadFigures({ measurement }: LoadDetails): Markup {
  const rows = [['all requests', measurement.all] as const, ...Object.entries(measurement.byRequest)];
  const errors = Object.entries(measurement.all.errorsByClass).map(([kind, count]) => `${kind}: ${count}`);
  const cpu = measurement.generatorCpu === null ? '' : ` The generator used ${formatShare(measurement.generatorCpu)} of a core.`;
  return html`<details>
    <summary>Figures</summary>
    ${figuresTable(
      ['Requests', 'Count', 'Failed', 'p50', 'p90', 'p95', 'p99', 'Max'],
      rows.map(([name, each]) => statisticsRow(name, each)),
    )}
    <p class="summary">
      Measured by ${measurement.engine} ${measurement.engineVersion} in ${formatDuration(measurement.durationMs)}, ${measurement.iterations}
      iterations.${cpu}${errors.length === 0 ? '' : ` Failures by kind: ${errors.join(', ')}.`}
    </p>
  </details>`;
}

function statisticsRow(name: string, each: RequestStatistics): readonly string[] {
  const times = [each.p50Ms, each.p90Ms, each.p95Ms, each.p99Ms, each.maxMs].map(formatDuration);
  return [name, String(each.requests), `${each.errors} (${formatShare(each.errorRate)})`, ...times];
}

function perfFigures(details: PerfDetails): Markup {
  const runs = details.pages.flatMap((page) =>
    page.runs.map((run, at) => [
      `${page.path} (${page.formFactor}), run ${at + 1}${at === page.medianRun ? ', median' : ''}`,
      trimmed(run.score, 0),
      formatDuration(run.pageLoadMs),
      formatDuration(run.firstContentfulPaintMs),
      formatDuration(run.largestContentfulPaintMs),
      formatDuration(run.totalBlockingTimeMs),
      trimmed(run.cumulativeLayoutShift, 3),
      trimmed(run.benchmarkIndex, 0),
    ]),
  );
  const endpoints = details.endpoints.flatMap((each) => [
    statisticsRow(`${each.method} ${each.path}`, each.statistics),
    ...(each.cold === undefined || each.cold === null ? [] : [statisticsRow(`${each.method} ${each.path}, cold`, each.cold)]),
  ]);
  return html`<details>
    <summary>Figures</summary>
    ${runs.length === 0 ? null : figuresTable(['Page', 'Score', 'Load', 'FCP', 'LCP', 'TBT', 'CLS', 'Machine'], runs)}
    ${endpoints.length === 0 ? null : figuresTable(['Endpoint', 'Count', 'Failed', 'p50', 'p90', 'p95', 'p99', 'Max'], endpoints)}
    <p class="summary">
      Lighthouse ${details.versions.lighthouse}, ${details.versions.browser}. “Machine” is Lighthouse's benchmark index.
    </p>
  </details>`;
}
