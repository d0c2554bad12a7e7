import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags, migrateFlags, migrateNeeds } from '../../shared-flags.ts';

/** `jv-staging migrate reset` */
export default class MigrateReset extends StagingCommand {
  static override summary = 'Make the environment’s schema anew: restore point, drop what the migrations own, apply them all, seed.';
  static override description =
    'Drops everything in the schemas that are the environment’s own; roles, extensions in other schemas, Auth users, what the platform manages and the release history stay. Wants the environment’s name typed (with `--db-url-env` the database’s, which has neither restore point nor seed), and never touches production (exit 6). A run that was cut off is run again.';
  static override examples = [
    '<%= config.bin %> migrate reset --dry-run',
    '<%= config.bin %> migrate reset --confirm jetvision-staging',
    '<%= config.bin %> migrate reset --db-url-env DATABASE_URL --confirm app --accept-no-restore-point',
  ];
  static override flags = {
    ...changingFlags,
    ...migrateFlags,
    confirm: Flags.string({
      helpValue: 'NAME',
      env: 'JV_CONFIRM',
      summary: 'Name of the environment, or of the database that `--db-url-env` leads to; `--yes` does not suffice.',
    }),
    'accept-no-restore-point': Flags.boolean({
      env: 'JV_ACCEPT_NO_RESTORE_POINT',
      summary: 'Go on where nothing keeps a restore point: what is dropped cannot be brought back.',
    }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(MigrateReset);
    const { confirm, 'dry-run': dryRun, 'accept-no-restore-point': acceptNoRestorePoint } = flags;
    const place = { dbUrlEnv: flags['db-url-env'], dir: flags.dir };
    return this.runStage(flags, (app) => app.migrate.reset({ ...place, confirm, dryRun, acceptNoRestorePoint }), migrateNeeds(flags));
  }
}
