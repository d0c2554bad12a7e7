import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { gateFlags, gateOptions } from '../shared-flags.ts';

/** `jv-staging perf` */
export default class Perf extends StagingCommand {
  static override summary = 'Measure pages with Lighthouse in a real Chrome, and the API’s latency, against their budgets.';
  static override examples = [
    '<%= config.bin %> perf',
    '<%= config.bin %> perf --url https://staging.example.com --runs 5 --form-factor mobile',
    '<%= config.bin %> perf --baseline report.json',
  ];
  static override flags = {
    ...gateFlags,
    runs: Flags.integer({ min: 1, max: 9, helpValue: 'N', env: 'JV_RUNS', summary: 'Lighthouse runs a page; the median run counts.' }),
    'form-factor': Flags.option({
      options: ['desktop', 'mobile'] as const,
      multiple: true,
      summary: 'Audit as this alone (default: the configuration’s).',
    })(),
    baseline: Flags.string({
      helpValue: 'FILE',
      env: 'JV_BASELINE',
      summary: 'Compare with this report.json (default: the last green run on the same address).',
    }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Perf);
    const { url, runs, baseline, 'form-factor': formFactors } = flags;
    const choice = { url, runs, baseline, formFactors };
    return this.runStage(flags, (app) => app.perf(choice), gateOptions('perf', flags));
  }
}
