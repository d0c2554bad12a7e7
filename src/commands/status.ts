import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';

/** `jv-staging status` */
export default class Status extends StagingCommand {
  static override summary = 'Show the environment: resources, what is live, the releases, the schema; with --drift what has drifted.';
  static override description =
    'With `--drift`: holds settings, variables, the database’s catalog (tables, columns, defaults, constraints, indexes, functions, triggers, policies, grants, extensions, publications, roles) and Redis settings against the configuration and against production; changes nothing. Ends with 5 when anything differs that `drift.waivers` does not cover, with 9 when nothing does but something could not be compared: unknown is not pass.';
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --drift', '<%= config.bin %> status --json'];
  static override flags = {
    all: Flags.boolean({ env: 'JV_ALL', summary: 'List every release and restore point, not just those that fit on one screen.' }),
    drift: Flags.boolean({
      env: 'JV_DRIFT',
      summary: 'Compare with the configuration and with production instead.',
    }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the environment's state, or what has drifted. Throws `DRIFT_FOUND` (exit 5) and `DRIFT_UNKNOWN` (exit 9). */
  async run() {
    const { flags } = await this.parse(Status);
    if (flags.drift) return this.runStage(flags, (app) => app.drift(), { shownBy: this.printed.drift });
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      const status = await app.status();
      this.printed.status(status, { all: flags.all ?? false });
      return status;
    });
  }
}
