import { describe, expect, it } from 'vitest';
import type { GateLedger } from '../../src/core/gate/ledger.ts';
import type { GateEntry } from '../../src/core/gate/model.ts';
import type { StageResult } from '../../src/core/verdict.ts';
import { renderGateMarkdown } from '../../src/output/gate-markdown.ts';

const evidence = { file: '.jv-staging/reports/run_a/report.json', sha256: 'e'.repeat(64) };
const entry = (id: string, more: Partial<GateEntry> = {}): GateEntry => ({
  id,
  title: `Title of ${id}`,
  verdict: 'passed',
  seen: 'as expected',
  expected: 'as expected',
  evidence: [evidence],
  ...more,
});
const ids = [
  ...Array.from({ length: 13 }, (_, index) => `AC-${index + 1}`),
  ...Array.from({ length: 8 }, (_, index) => `FR-${index + 1}`),
  ...['performance', 'reliability', 'isolation', 'cost'].map((name) => `NFR-${name}`),
];

function rendered(entries: readonly GateEntry[], secret = 'no-secret-at-all'): string {
  const details: GateLedger = { commit: 'c'.repeat(40), environment: 'staging', target: 'cloud', passed: false, entries, judgedAt: '' };
  const result: StageResult<GateLedger> = {
    stage: 'gate',
    verdict: 'red',
    summary: '24 of 25 criteria pass',
    findings: [],
    startedAt: '',
    durationMs: 1,
    details,
  };
  return renderGateMarkdown(result, { columns: 80, color: 0, redact: (text) => text.replaceAll(secret, '***') });
}

describe('the ledger as the text of a pull request', () => {
  it('has the sections of the original plan, every criterion once, and each file of evidence once', () => {
    const text = rendered(ids.map((id) => entry(id)));

    const titles = text.split('\n').filter((line) => line.startsWith('**'));
    const named = text.split('\n').flatMap((line) => /^- ✅ ([A-Z]+-\w+) /.exec(line)?.[1] ?? []);
    expect(titles).toEqual(['**Infrastructure:**', '**Testing:**', '**Data:**', '**Release:**', '**Requirements:**', '**Evidence:**']);
    expect(named.toSorted()).toEqual(ids.toSorted());
    expect(text.split(evidence.sha256)).toHaveLength(2);
    expect(text).toMatch(/\*\*Data:\*\*\n- ✅ AC-4 /);
  });

  it('says of what is open how it stands and what mends it, and of what a person says that a person says it', () => {
    const text = rendered([
      entry('AC-9', { verdict: 'short', seen: '30 s at 50 users', fix: 'Run `jv-staging load --profile full`.' }),
      entry('AC-12', { verdict: 'attested', seen: 'Ada, 2026-11-26: Read it.' }),
    ]);

    expect(text).toContain('- ❌ AC-9 Title of AC-9 (short): 30 s at 50 users **Fix:** Run <code>jv-staging load --profile full</code>.');
    expect(text).toContain('- ✅ AC-12 Title of AC-12 (attested): Ada, 2026-11-26: Read it.');
  });

  it('hides secrets, and lets no text of ours be Markdown or mention anybody', () => {
    const text = rendered([entry('AC-10', { seen: '#7 *Fix* @team with canary-secret' })], 'canary-secret');

    expect(text).not.toMatch(/canary|@team|\*Fix\*|#7/);
  });
});
