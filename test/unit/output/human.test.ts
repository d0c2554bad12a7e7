import { describe, expect, it } from 'vitest';

import type { RunReport } from '../../../src/core/report.ts';
import { renderErrorText, renderStageText, renderUpSummary } from '../../../src/output/human.ts';
import { renderReportText } from '../../../src/output/report-text.ts';
import { renderDoctorText } from '../../../src/output/doctor-text.ts';
import { renderStatusText } from '../../../src/output/status-text.ts';
import { displayWidth, truncateTo, wrapTo } from '../../../src/output/text-width.ts';
import { sampleStatus } from '../../support/sample-status.ts';
import { sampleRedReport, sampleReport } from '../../support/sample-report.ts';

const view = { columns: 80, color: 0 } as const;
const footer = { reportPath: '.jv-staging/reports/run_01JD9ZK3QF/report.html', stopCommand: 'jv-staging local stop' };

function widest(text: string): number {
  return Math.max(...text.split('\n').map(displayWidth));
}

describe('the summary of up', () => {
  it('is one screen that names every stage, the address, the report and the stop command', () => {
    expect(renderUpSummary(sampleReport(), footer, view)).toMatchInlineSnapshot(`
      "✔ staging is green local target · 1 m 41 s

        ✔ provision  green   9.4 s  3 resources in place, 14 variables set, 5 migrati…
        ✔ deploy     green   5.1 s  61 files uploaded, dpl_8Kq2 is live
        ✔ seed       green  640 ms  11 rows in place, 0 changed
        ✔ smoke      green   2.3 s  7 of 7 checks green
        ✔ perf       green    52 s  scores 98 and 91, slowest API p95 186 ms
        ✔ load       green    31 s  50 users, 806 requests, p95 168 ms, 0.5 % errors

        address  http://staging.jetvision-assistant.com:41234
        open     http://127.0.0.1:41287
        commit   4f1c2ab9d03e
        report   .jv-staging/reports/run_01JD9ZK3QF/report.html
        stop     jv-staging local stop
      "
    `);
  });

  it('names what is red with the value seen and the value expected', () => {
    const text = renderUpSummary(sampleRedReport(), footer, view);

    expect(text).toContain(
      '✖ smoke › A job is processed by the app\n    still waiting after 10 s, expected completed by dpl_8Kq2 within 10 s',
    );
    expect(text).toContain('↓ load');
    expect(text).toContain('not run: smoke is red');
  });

  it('stays within 24 lines and 80 columns however much is red', () => {
    const report = sampleRedReport();
    const many: RunReport = {
      ...report,
      stages: report.stages.map((stage) => ({
        ...stage,
        summary: 'long '.repeat(40),
        findings: stage.findings.flatMap((finding) =>
          Array.from({ length: 9 }, () => ({ ...finding, verdict: 'red' as const, seen: 'seen '.repeat(30) })),
        ),
      })),
    };

    for (const each of [sampleReport(), report, many]) {
      const text = renderUpSummary(each, footer, view);
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
      expect(widest(text)).toBeLessThanOrEqual(80);
    }
    expect(renderUpSummary(many, footer, view)).toMatch(/… \d+ more in the report/);
  });
});

describe('a stage', () => {
  it('shows what was seen beside what was expected, and below why and how to mend it', () => {
    const smoke = sampleRedReport().stages[3];
    if (smoke === undefined) throw new Error('The fixture has no smoke stage.');

    expect(renderStageText({ ...smoke, findings: smoke.findings.slice(4) }, view)).toMatchInlineSnapshot(`
      "✖ smoke red · 5 of 7 checks green (2.3 s)
           what                        seen                    expected
        ✔  Nobody creates no request   401                     401
        ✖  An insert is announced in   no event within 5 s     an event within 5 s
           real time
           <script>alert("xss")</scri
           pt>
        ✖  A job is processed by the   still waiting after 10  completed by dpl_8Kq2
           app                         s                       within 10 s

        ✖ An insert is announced in real time <script>alert("xss")</script>
          why: The subscription was confirmed, the row was inserted, and no event
               arrived. \\x1b[2J\\u202egnp.exe
          fix: Run \`alter publication supabase_realtime add table flight_requests;\` in
               a migration, then \`jv-staging deploy\`.

        ✖ A job is processed by the app
          why: The probe job stayed in state waiting: /api/worker answered 500.
          fix: Run \`jv-staging logs --path /api/worker\`.
      "
    `);
  });

  it.each([40, 60, 80, 120])('fits %i columns', (columns) => {
    expect(widest(renderReportText(sampleRedReport(), { ...view, columns }))).toBeLessThanOrEqual(columns);
  });

  it('masks a secret before it wraps it', () => {
    const smoke = sampleRedReport().stages[3];
    if (smoke === undefined) throw new Error('The fixture has no smoke stage.');
    const redact = (text: string) => text.replaceAll('canary secret in many words', '***');
    const findings = smoke.findings.map((finding) => ({ ...finding, message: 'It answered canary secret in many words and more.' }));

    expect(renderStageText({ ...smoke, findings }, { columns: 30, color: 0, redact })).not.toContain('canary');
  });

  it('lets no control sequence of data through, with colours and without', () => {
    for (const color of [0, 1, 3] as const) {
      const text = renderReportText(sampleRedReport(), { columns: 80, color });

      expect(text).toContain(String.raw`\x1b[2J\u202e`);
      expect(text).not.toContain('\u001B[2J');
      expect(text.includes('\u001B[')).toBe(color > 0);
    }
  });
});

describe('an error', () => {
  it('says what happened, how to mend it, its code and the exit code', () => {
    const error = {
      code: 'VERCEL_TOKEN_MISSING',
      message: 'The variable VERCEL_TOKEN is not set.',
      fix: 'Set VERCEL_TOKEN in .env.staging.',
    };

    expect(renderErrorText(error, 3, view)).toMatchInlineSnapshot(`
      "✖ The variable VERCEL_TOKEN is not set.
        fix: Set VERCEL_TOKEN in .env.staging.
        code: VERCEL_TOKEN_MISSING (exit code 3)
      "
    `);
  });
});

describe('status and doctor', () => {
  it('lists the newest releases, the live one first and marked', () => {
    const status = sampleStatus;

    const text = renderStatusText(status, view);
    const whole = renderStatusText(status, { ...view, all: true });

    expect(text).toContain('●  rel_12  deploy  aaaaaaaaaaaa+  2026-11-22 20:00  1/1 green');
    expect(text).toContain('commit aaaaaaaaaaaa+, 2 h old, dpl_12');
    expect(text).toContain('2 of 14 things: LOG_LEVEL, schema');
    expect(text).toContain('smoke green 1 m ago');
    expect(text).toContain('flight-requests: 2 waiting, 1 active, 0 failed');
    expect(text).toContain('$10 a month, 10 % of production’s; unknown: Vercel project');
    expect(text.trimEnd().split('\n').length).toBeLessThan(24);
    expect(text.replaceAll(/\s+/g, ' ')).toContain('pinned by a rollback until the next deploy');
    expect(text.replaceAll(/\s+/g, ' ')).toContain('not live until the next deploy: LOG_LEVEL');
    expect(text.replaceAll(/\s+/g, ' ')).toContain('20260104000000 waits for `deploy --contract`');
    expect(text.replaceAll(/\s+/g, ' ')).toContain('prj_1, abcdefghijklmnopqrst, no Upstash database');
    expect(text.match(/●/g)).toHaveLength(1);
    expect(text).toContain('… 9 older');
    expect(text).toContain('2 points, the newest rp_1, 59 s old');
    expect(whole).toContain('rel_1 ');
    expect(whole).toMatch(/dump_1 +2 h old +2 KiB +the newest 10 are kept +\/kept/);
    expect(whole).toMatch(/rp_1 +59 s old +kept by Supabase/);
    expect(widest(text)).toBeLessThanOrEqual(80);
  });

  it('never calls an unanswered question well', () => {
    const finding = {
      id: 'redis',
      title: 'redis-server',
      verdict: 'inconclusive',
      seen: 'did not answer',
      expected: '7 or newer',
    } as const;

    expect(renderDoctorText([finding], view)).toContain('1 of 1 things need mending');
    expect(renderDoctorText([{ ...finding, verdict: 'green' }], view)).toContain('Everything that is needed is here.');
  });
});

describe('text widths', () => {
  it('counts columns, not characters', () => {
    expect(['abc', '日本', 'e\u0301', '👩‍🚀', '\u001B[31mred\u001B[39m'].map(displayWidth)).toEqual([3, 4, 1, 2, 3]);
  });

  it('is as wide without Unicode tables as with them', () => {
    const characters = Array.from({ length: 0x2fff - 0x20 }, (_, at) => String.fromCodePoint(0x20 + at)).filter(
      (character) => !/[\p{Mark}\p{Cc}\p{Cf}\p{Cn}]/u.test(character),
    );

    // An accent makes them a grapheme that is looked up, and takes no column itself.
    const different = characters.filter((character) => displayWidth(character) !== displayWidth(`${character}\u0301`));

    expect(characters.length).toBeGreaterThan(8000);
    expect(different).toEqual([]);
  });

  it('cuts with an ellipsis and keeps colours whole', () => {
    expect(truncateTo('\u001B[31mabcdef\u001B[39m', 4)).toBe('\u001B[31mabc…\u001B[39m');
    expect(truncateTo('日本語', 4)).toBe('日…');
  });

  it('breaks at spaces, and inside words that are too long', () => {
    expect(wrapTo('one two abcdefghij', 5)).toEqual(['one', 'two', 'abcde', 'fghij']);
  });
});
