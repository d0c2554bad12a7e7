import { Args, Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import type { RunReport } from '../core/report.ts';
import { reportFormats } from '../output/report-formats.ts';
import { changingFlags, type SharedFlagValues } from '../shared-flags.ts';
import type { App } from '../wiring/app.ts';

/** `jv-staging report` */
export default class Report extends StagingCommand {
  static override summary =
    'Show the report of an earlier run of up, a gate, a drill or docs again; --issues keeps GitHub’s issues up to date.';
  static override description =
    'Without RUN the newest. Reports lie below .jv-staging/reports, a folder a run, in all formats. With --issues each red check has one open issue in `gate.repository`, found by a mark in its text: opened with a label of severity, updated, opened again when it is red again, closed when it is green. What people write, their labels and comments stay.';
  static override examples = [
    '<%= config.bin %> report',
    '<%= config.bin %> report --format md',
    '<%= config.bin %> report run_0mwsfhebj774k4pxmos --format junit',
    '<%= config.bin %> report --issues --dry-run',
  ];
  static override args = { run: Args.string({ description: 'Id of the run (default: the newest).' }) };
  static override flags = {
    ...changingFlags,
    format: Flags.option({ options: reportFormats, default: 'text', env: 'JV_FORMAT', summary: 'What to render it as.' })(),
    issues: Flags.boolean({ env: 'JV_ISSUES', summary: 'Open, update or close one GitHub issue a check, and list them.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the report, with `--issues` and what became of the issues. */
  async run() {
    const { args, flags } = await this.parse(Report);
    return this.withApp(flags, async (app) => {
      const kept = await app.readReport(args.run);
      const report = flags.issues ? { ...kept, issues: await this.bringUpToDate(app, kept, flags) } : kept;
      await this.printed.rendered(report, flags.format);
      return report;
    });
  }

  private async bringUpToDate(app: App, report: RunReport, flags: SharedFlagValues) {
    await this.prepare(app, flags);
    const run = app.issues(report);
    await this.draw(app, run.steps, { changes: true, flags });
    return run.issues();
  }
}
