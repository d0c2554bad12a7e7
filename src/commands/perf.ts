import { Flags } from '@oclif/core';
import { gateOptions, StagingCommand } from '../base-command.ts';
import { gateFlags } from '../shared-flags.ts';

/** `jv-staging perf` */
export default class Perf extends StagingCommand {
  static override summary = 'Measure pages with Lighthouse in a real Chrome, and the API’s latency, against their budgets.';
  static override examples = ['<%= config.bin %> perf', '<%= config.bin %> perf --url https://staging.example.com --runs 5'];
  static override flags = {
    ...gateFlags,
    runs: Flags.integer({ min: 1, max: 9, helpValue: 'N', env: 'JV_RUNS', summary: 'Lighthouse runs a page; the median run counts.' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Perf);
    return this.runStage(flags, (app) => app.perf({ url: flags.url, runs: flags.runs }), gateOptions('perf', flags));
  }
}
