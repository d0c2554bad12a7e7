import { Args, Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { reportFormats } from '../output/report-formats.ts';

/** `jv-staging report` */
export default class Report extends StagingCommand {
  static override summary = 'Show the report of an earlier run of up, smoke, perf or load again.';
  static override description = 'Without RUN the newest. Reports lie below .jv-staging/reports, a folder a run, in all formats.';
  static override examples = [
    '<%= config.bin %> report',
    '<%= config.bin %> report --format md',
    '<%= config.bin %> report run_0mwsfhebj774k4pxmos --format junit',
  ];
  static override args = { run: Args.string({ description: 'Id of the run (default: the newest).' }) };
  static override flags = {
    format: Flags.option({ options: reportFormats, default: 'text', env: 'JV_FORMAT', summary: 'What to render it as.' })(),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the report. */
  async run() {
    const { args, flags } = await this.parse(Report);
    return this.withApp(flags, async (app) => {
      const report = await app.readReport(args.run);
      await this.printed.rendered(report, flags.format);
      return report;
    });
  }
}
