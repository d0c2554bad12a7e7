import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { asThrown, gateFlags, stageFlags } from '../shared-flags.ts';
import { stageNames } from '../core/report.ts';
import { gateError } from '../core/run/stage.ts';

/** `jv-staging up` */
export default class Up extends StagingCommand {
  static override summary = 'Provision, deploy, seed, smoke, perf and load in one run, with a report.';
  static override description =
    'Stops at the first stage that is not green, and says which. The report (text, JSON, HTML) is written in any case.';
  static override examples = [
    '<%= config.bin %> up --target local',
    '<%= config.bin %> up --from smoke',
    '<%= config.bin %> up --only smoke --only perf',
  ];
  static override flags = {
    ...stageFlags,
    report: gateFlags.report,
    from: Flags.option({ options: stageNames, summary: 'First stage to run.', env: 'JV_FROM' })(),
    only: Flags.option({ options: stageNames, multiple: true, summary: 'Run only this stage.' })(),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: false };

  /** Returns the report of the run, and where it was written. */
  async run() {
    const { flags } = await this.parse(Up);
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      const up = app.up({ from: flags.from, only: flags.only });
      const thrown = await this.draw(app, up.steps, { changes: true, flags, undoOnFailure: true }).then(() => undefined, asThrown);
      if (flags['dry-run']) {
        if (thrown !== undefined) throw thrown.error;
        return { dryRun: true };
      }
      const outcome = up.outcome(thrown?.error);
      // Nothing was reached (a lock, a credential): there is nothing to report on.
      if (thrown !== undefined && outcome.stages.length === 0) throw thrown.error;
      const written = await app.writeReport({ command: 'up', dir: flags.report }, outcome);
      if (written !== undefined) this.printed.report(written.report, written, app.local.stopCommand);
      await this.tell(app, outcome.stages, thrown);
      if (thrown !== undefined) throw thrown.error;
      const notGreen = outcome.stages.find((stage) => stage.verdict !== 'green');
      if (notGreen !== undefined) throw gateError(notGreen);
      return { ...written?.report, files: written?.files };
    });
  }
}
