import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags, migrateFlags, migrateNeeds } from '../../shared-flags.ts';

/** `jv-staging migrate down` */
export default class MigrateDown extends StagingCommand {
  static override summary = 'Take applied migrations back by reverse scripts that a rehearsal has proven, newest first.';
  static override description =
    'Without `--to` the newest one alone. Refused (exit 6) before anything is done: a script that `migrate check --rehearse` has not proven, and one that would take rows with it.';
  static override examples = [
    '<%= config.bin %> migrate down --dry-run',
    '<%= config.bin %> migrate down --to 20260101000000',
    '<%= config.bin %> migrate down --db-url-env DATABASE_URL --accept-loss',
  ];
  static override flags = {
    ...changingFlags,
    ...migrateFlags,
    to: Flags.string({ helpValue: 'VERSION', env: 'JV_TO', summary: 'The version that stays the newest.' }),
    'accept-loss': Flags.boolean({ env: 'JV_ACCEPT_LOSS', summary: 'Rows that the reverse scripts take with them may go.' }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: false };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(MigrateDown);
    return this.runStage(
      flags,
      (app) => app.migrate.down({ dbUrlEnv: flags['db-url-env'], dir: flags.dir, to: flags.to, acceptLoss: flags['accept-loss'] }),
      migrateNeeds(flags),
    );
  }
}
