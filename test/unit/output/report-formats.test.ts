import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../../src/core/report.ts';
import {
  annotationCommands,
  groupCommand,
  maskCommands,
  outputLines,
  placeAnnotation,
  withoutCommands,
} from '../../../src/output/github.ts';
import { reportFormats, renderReport } from '../../../src/output/report-formats.ts';
import { sampleRedReport, sampleReport } from '../../support/sample-report.ts';

const clear = (text: string) => text;
const view = { columns: 80, color: 0 } as const;
const hostile = '</failure>]]><script>&"\'|`*_[x](javascript:1) @team #1 https://evil.example ##[error]x\n::error::forged\r\u001B[2J';

/** Returns the red report with hostile texts wherever a target can put some. */
function hostileReport(): RunReport {
  const report = sampleRedReport();
  const stages = report.stages.map((stage) => ({
    ...stage,
    summary: hostile,
    findings: stage.findings.map((finding) => ({
      ...finding,
      title: hostile,
      seen: hostile,
      expected: hostile,
      message: hostile,
      fix: hostile,
    })),
  }));
  return { ...report, stages, environment: hostile, url: hostile, gitSha: hostile, notRun: [{ stage: 'load', reason: hostile }] };
}

describe('JUnit XML', () => {
  it('has a suite a stage and a case a finding: red fails, inconclusive is an error, what was not reached is skipped', async () => {
    const xml = await renderReport(sampleRedReport(), 'junit', clear, view);

    expect(xml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="jv-staging up staging" time="101.000" tests="\d+" /);
    expect(xml.match(/<testsuite /g)).toHaveLength(6);
    expect(xml).toContain('<testsuite name="smoke"');
    expect(xml).toMatch(/<testsuite name="smoke"[^>]* tests="7" failures="2" errors="0" skipped="0"/);
    expect(xml).toContain('<failure message="seen still waiting after 10 s, expected completed by dpl_8Kq2 within 10 s" type="queue">');
    expect(xml).toContain('<error message="seen 86 (71 to 93 in 9 runs), expected &gt; 85" type="score-dashboard">');
    expect(xml).toContain('<skipped message="smoke is red"/>');
    expect(xml).toContain('<property name="commit" value="4f1c2ab9d03e5577aa10b2c8ee41d6f0937ac115"/>');
  });

  it('is well-formed whatever the texts hold', async () => {
    const xml = await renderReport(hostileReport(), 'junit', clear, view);

    expect(xml).not.toContain('<script');
    expect(xml.match(/<failure /g)?.length).toBe(xml.match(/<\/failure>/g)?.length);
    // eslint-disable-next-line no-control-regex -- XML 1.0 has none of these
    expect(xml).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/);
    expect(xml.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, '')).not.toContain('&');
  });
});

describe('Markdown', () => {
  it('names first what is not green, with its fix, and has a table a stage', async () => {
    const markdown = await renderReport(sampleRedReport(), 'md', clear, view);

    expect(markdown).toMatch(/^## \? staging is inconclusive\n/);
    expect(markdown).toContain('| ✖ red');
    expect(markdown).toContain('### What is not green');
    expect(markdown).toContain('<br>**Fix:** Run <code>jv-staging logs --path /api/worker</code>.');
    expect(markdown.indexOf('### What is not green')).toBeLessThan(markdown.indexOf('<details>'));
  });

  it('formats nothing, mentions nobody and links nowhere by what a target says', async () => {
    const markdown = await renderReport(hostileReport(), 'md', clear, view);

    for (const part of ['<script', '@team', '#1 ', 'https://evil', '[x](', '##[error]', '\n::error']) expect(markdown).not.toContain(part);
  });
});

describe('GitHub Actions', () => {
  it('gets an error for what is red and a warning for what is inconclusive, each as one line', () => {
    const commands = annotationCommands(sampleRedReport(), clear, 'ci/staging.config.ts').trimEnd().split('\n');

    expect(commands).toHaveLength(3);
    expect(commands[1]).toBe(
      '::error title=smoke%3A A job is processed by the app::seen still waiting after 10 s, expected completed by dpl_8Kq2 within 10 s. The probe job stayed in state waiting: /api/worker answered 500. Fix: Run `jv-staging logs --path /api/worker`.',
    );
    expect(commands[2]).toMatch(/^::warning title=perf%3A Lighthouse score/);
  });

  it('is shown the configuration where a finding is about it', () => {
    const [stage] = sampleReport().stages;
    const finding = { id: 'budgets', title: 'Budgets', verdict: 'red', seen: 'a', expected: 'b', about: 'configuration' } as const;
    const report: RunReport = { ...sampleReport(), stages: stage === undefined ? [] : [{ ...stage, findings: [finding] }] };

    expect(annotationCommands(report, clear, 'a,b:c.ts')).toBe(
      '::error file=a%2Cb%3Ac.ts,title=provision%3A Budgets::seen a, expected b.\n',
    );
  });

  it('hides every secret for the rest of the job, line by line, and no ordinary word', () => {
    expect(maskCommands(['canary%value', 'first line\nsecond line', 'short', 'canary%value'])).toBe(
      '::add-mask::canary%25value\n::add-mask::first line\n::add-mask::second line\n',
    );
  });

  it('annotates the very place in a migration', () => {
    const place = { file: 'supabase/migrations/1,a.sql', line: 3, column: 8 };

    expect(placeAnnotation(place, { code: 'MIGRATION_FAILED', message: 'syntax error\n::error::forged' })).toBe(
      '::error file=supabase/migrations/1%2Ca.sql,line=3,col=8,title=MIGRATION_FAILED::syntax error%0A::error::forged\n',
    );
  });

  it('takes at most ten annotations of a kind, and none that a target forged', () => {
    const commands = annotationCommands(hostileReport(), clear, undefined).trimEnd().split('\n');

    expect(commands.length).toBeLessThanOrEqual(20);
    for (const command of commands) {
      expect(command).toMatch(/^::(?:error|warning) title=/);
      expect(command.slice(2, command.indexOf('::', 2))).not.toMatch(/,|%25/);
    }
  });

  it('finds no command in text that is not ours, wherever it stands', () => {
    const text = withoutCommands('::error::a\n   ::set-output name=x::y\n✔ fine ::not::\n\n::b\n##[group]c');

    expect(text.split('\n').filter((line) => line.trimStart().startsWith('::'))).toEqual([]);
    expect(text).not.toContain('##[');
    expect(text).toContain('✔ fine ::not::');
    expect(groupCommand('a\n::error::b')).toBe('::group::a%0A::error::b\n');
  });

  it('gets url, release and verdict as outputs, one line each', () => {
    expect(outputLines(sampleReport(), clear)).toBe(
      'url=http://staging.jetvision-assistant.com:41234\nrelease=rel_01JD9ZM8WT\nverdict=green\n',
    );
    expect(outputLines({ ...sampleReport(), url: 'http://a\nverdict=green' }, clear).split('\n')).toHaveLength(4);
  });
});

describe('every format', () => {
  it.each(reportFormats)('masks secrets: %s', async (format) => {
    const text = await renderReport(sampleRedReport(), format, (value) => value.replaceAll('worker', '***'), view);

    expect(text).not.toContain('/api/worker');
    expect(text.replaceAll('&#42;', '*')).toContain('***');
  });
});
