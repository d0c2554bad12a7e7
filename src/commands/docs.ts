import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { changesByAction, overwriteRefused } from '../core/files/generated.ts';
import { dryRunFlag, type SharedFlagValues } from '../shared-flags.ts';

/** `jv-staging docs` */
export default class Docs extends StagingCommand {
  static override summary = 'Write docs/STAGING.md from the environment as it is: addresses, accounts, use, troubleshooting, the way back.';
  static override description =
    'No password stands in it, only where each one is, and nothing that changes with every release. A page that differs is shown as a diff first. With `--check` nothing is written: it ends with 5 when the page is missing or out of date, and leaves a report that `gate` reads (AC-12). With `--exercise` it prints a team’s first fifteen minutes on the local target.';
  static override examples = ['<%= config.bin %> docs', '<%= config.bin %> docs --check', '<%= config.bin %> docs --exercise'];
  static override flags = {
    ...dryRunFlag,
    check: Flags.boolean({ env: 'JV_CHECK', exclusive: ['exercise'], summary: 'Only say whether the page is current.' }),
    exercise: Flags.boolean({ env: 'JV_EXERCISE', summary: 'Print the first fifteen minutes of somebody new.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns what was written, the stage's result with `DocsDetails`, or the exercise. Throws `DOCS_RED` (exit 5), `FILES_DIFFER` (exit 2). */
  async run() {
    const { flags } = await this.parse(Docs);
    if (flags.check) return this.runStage(flags, (app) => app.docs.check(), { changes: false, report: { command: 'docs' } });
    if (!flags.exercise) return this.write(flags);
    return this.withApp(flags, async (app) => {
      const text = app.docs.exercise();
      this.printed.line(text.trimEnd());
      return { exercise: text };
    });
  }

  private write(flags: SharedFlagValues) {
    return this.withApp(flags, async (app) => {
      await this.prepare(app, flags);
      const change = await app.docs.page();
      this.printed.files([change]);
      const result = { files: changesByAction([change]), written: !flags['dry-run'] };
      if (flags['dry-run']) return result;
      if (change.action === 'update' && !flags.yes && (await this.printed.ask(`Overwrite ${change.shown}? (yes/no) `)) !== true)
        throw overwriteRefused([change], 'docs');
      await app.docs.write(change);
      return result;
    });
  }
}
