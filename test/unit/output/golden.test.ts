import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/core/manifest.ts';
import { renderDoctorText } from '../../../src/output/doctor-text.ts';
import { commandHelp } from '../../../src/output/help.ts';
import { renderErrorText, renderStageText, renderUpSummary } from '../../../src/output/human.ts';
import { renderReportText } from '../../../src/output/report-text.ts';
import type { TextView } from '../../../src/output/paint.ts';
import { renderPlanText } from '../../../src/output/plan-text.ts';
import { renderRollbackText } from '../../../src/output/rollback-text.ts';
import { renderStatusText } from '../../../src/output/status-text.ts';
import { displayWidth } from '../../../src/output/text-width.ts';
import { sampleDoctor } from '../../support/sample-doctor.ts';
import { sampleCost, sampleGate, sampleMigrateCheck } from '../../support/sample-findings.ts';
import { samplePlan } from '../../support/sample-plan.ts';
import { sampleRedReport, sampleReport } from '../../support/sample-report.ts';
import { sampleStatus } from '../../support/sample-status.ts';

const manifest: Manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../../oclif.manifest.json'), 'utf8'));
const smokeCommand = manifest.commands['smoke'];
const footer = { reportPath: '.jv-staging/reports/run_01JD9ZK3QF/report.html', stopCommand: 'jv-staging local stop' };
const smoke = (report = sampleRedReport()) => report.stages.find(({ stage }) => stage === 'smoke') ?? report.stages[0];

/** What people read most, each as it is printed. */
const outputs: Readonly<Record<string, (view: TextView) => string>> = {
  'up-green': (view) => renderUpSummary(sampleReport(), footer, view),
  'up-red': (view) => renderUpSummary(sampleRedReport(), footer, view),
  'report-red': (view) => renderReportText(sampleRedReport(), view),
  'smoke-red': (view) => {
    const result = smoke();
    return result === undefined ? '' : renderStageText(result, view);
  },
  plan: (view) => renderPlanText(samplePlan, view),
  rollback: (view) =>
    renderRollbackText(
      {
        from: 'rel_01JD9ZK3QF (bbf3b29 on develop)',
        to: 'rel_01JD9YX1AB (4f1c2ab on develop)',
        database: 'taken back by 20260108090000_expand.sql, proven reversible; rows written since stay',
        variables: ['FEATURE_QUOTES', 'LOG_LEVEL'],
        notComingBack: ['mail that was sent', 'jobs that were done', 'variables baked into old builds'],
      },
      view,
    ),
  doctor: (view) => renderDoctorText(sampleDoctor, view),
  status: (view) => renderStatusText(sampleStatus, view),
  gate: (view) => renderStageText(sampleGate, view),
  'migrate-check': (view) => renderStageText(sampleMigrateCheck, view),
  cost: (view) => renderStageText(sampleCost, view),
  error: (view) =>
    renderErrorText(
      {
        code: 'PLAN_STALE',
        message: 'plan.json was made for a state that has changed since: variable LOG_LEVEL was changed outside.',
        fix: 'Run `jv-staging plan --out plan.json` again, look at it, and provision with it.',
      },
      6,
      view,
    ),
  help: ({ columns, color }) =>
    smokeCommand === undefined ? '' : commandHelp(manifest, smokeCommand, 'jv-staging', { columns, color: color > 0 }),
};

const views: Readonly<Record<string, TextView>> = {
  80: { columns: 80, color: 0 },
  '80-color': { columns: 80, color: 1 },
  40: { columns: 40, color: 0 },
  '40-color': { columns: 40, color: 1 },
};

const cases = Object.keys(outputs).flatMap((output) => Object.keys(views).map((view) => ({ output, view })));

describe('what is printed, kept to be looked at when it changes', () => {
  it.each(cases)('$output at $view', async ({ output, view }) => {
    const shown = views[view];
    if (shown === undefined) throw new Error(`There is no view ${view}.`);
    const text = outputs[output]?.(shown) ?? '';

    await expect(text).toMatchFileSnapshot(`golden/${output}-${view}.txt`);
    // A command to paste is not broken.
    const wide = text.split('\n').filter((line) => displayWidth(line) > shown.columns && !line.startsWith('  $ '));
    expect(wide).toEqual([]);
    expect(text.includes('\u001B[')).toBe(shown.color > 0);
  });

  it('is all there is in the folder', () => {
    const kept = readdirSync(join(import.meta.dirname, 'golden')).toSorted();

    expect(kept).toEqual(cases.map(({ output, view }) => `${output}-${view}.txt`).toSorted());
  });
});
