import { escapeControl, type Redactor } from '../core/redaction.ts';
import type { RunReport } from '../core/report.ts';
import type { Finding, StageResult } from '../core/verdict.ts';
import { cleanFor } from './human.ts';

/** How an element is given to the builder: attributes begin with `@`, the text is `#`. */
type Element = Readonly<Record<string, unknown>>;

/**
 * Returns the report as JUnit XML, as CI services read it (the Jenkins dialect: testsuites, testsuite, testcase with failure, error
 * or skipped). A stage is a suite, a finding a case; red is a failure, inconclusive an error, skipped and not reached are skipped.
 */
export async function renderReportJunit(run: RunReport, redact: Redactor): Promise<string> {
  const { default: Builder } = await import('fast-xml-builder');
  const report = cleanFor({ redact }, run);
  const suites = [
    ...report.stages.map((stage) => suite(stage, report)),
    ...report.notRun.map(({ stage, reason }) => ({
      ...counts([]),
      '@name': stage,
      '@tests': 1,
      '@skipped': 1,
      testcase: { '@classname': `jv-staging.${stage}`, '@name': stage, skipped: { '@message': reason } },
    })),
  ];
  const builder = new Builder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    textNodeName: '#',
    format: true,
    suppressEmptyNode: true,
  });
  const xml = builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': `jv-staging ${report.command} ${report.environment}`,
      '@time': seconds(report.durationMs),
      ...counts(report.stages.flatMap(casesOf)),
      testsuite: suites,
    },
  });
  return `${xml.trim()}\n`;
}

function suite(stage: StageResult, report: RunReport): Element {
  const cases = casesOf(stage);
  return {
    '@name': stage.stage,
    '@timestamp': stage.startedAt,
    '@time': seconds(stage.durationMs),
    ...counts(cases),
    properties: {
      property: [
        ['verdict', stage.verdict],
        ['summary', stage.summary],
        ['run', report.runId],
        ['url', report.url],
        ['commit', report.gitSha ?? 'unknown'],
        ['release', report.releaseId ?? 'none'],
        ['deployment', report.deploymentId ?? 'unknown'],
      ].map(([name, value]) => ({ '@name': name, '@value': oneLine(value ?? '') })),
    },
    testcase: cases.map((finding) => testCase(stage.stage, finding)),
  };
}

/** A stage without findings of its own is one case: its verdict. */
function casesOf(stage: StageResult): readonly Finding[] {
  if (stage.findings.length > 0) return stage.findings;
  return [{ id: stage.stage, title: stage.stage, verdict: stage.verdict, seen: stage.summary, expected: 'green' }];
}

function testCase(stage: string, finding: Finding): Element {
  const said = oneLine(`seen ${finding.seen}, expected ${finding.expected}`);
  const body = [finding.message ?? '', finding.fix ? `fix: ${finding.fix}` : ''].filter((line) => line !== '').join('\n');
  const problem = { '@message': said, '@type': finding.id, ...(body === '' ? {} : { '#': body }) };
  const outcome = {
    green: {},
    red: { failure: problem },
    inconclusive: { error: problem },
    skipped: { skipped: { '@message': oneLine(finding.message ?? finding.seen) } },
  }[finding.verdict];
  const time = finding.durationMs === undefined || finding.durationMs === null ? {} : { '@time': seconds(finding.durationMs) };
  return { '@classname': `jv-staging.${stage}`, '@name': oneLine(finding.title), ...time, ...outcome };
}

function counts(findings: readonly Finding[]): Element {
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  return { '@tests': findings.length, '@failures': count('red'), '@errors': count('inconclusive'), '@skipped': count('skipped') };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function oneLine(text: string): string {
  return escapeControl(text).replaceAll('\n', ' ');
}
