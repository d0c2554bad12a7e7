import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags, migrateFlags, migrateNeeds } from '../../shared-flags.ts';

/** `jv-staging migrate up` */
export default class MigrateUp extends StagingCommand {
  static override summary = 'Apply what is pending, each file in a transaction of its own with its row of the ledger.';
  static override description =
    "What takes something away wants `-- jv:allow-destructive <reason>` in its file (exit 6). A file that fails is undone whole, earlier ones stay, and the next run goes on from there. On the environment's database every table must have row-level security and a policy afterwards, or a waiver in the configuration.";
  static override examples = [
    '<%= config.bin %> migrate up',
    '<%= config.bin %> migrate up --db-url-env DATABASE_URL',
    '<%= config.bin %> migrate up --retry 20260601000000',
  ];
  static override flags = {
    ...changingFlags,
    ...migrateFlags,
    retry: Flags.string({
      helpValue: 'VERSION',
      env: 'JV_RETRY',
      summary: 'Run a file again that broke half way outside of a transaction.',
    }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(MigrateUp);
    return this.runStage(
      flags,
      (app) => app.migrate.up({ dbUrlEnv: flags['db-url-env'], dir: flags.dir, retry: flags.retry }),
      migrateNeeds(flags),
    );
  }
}
