import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging migrate reset` */
export default class MigrateReset extends StagingCommand {
  static override summary = 'Make the environment’s schema anew: restore point, drop what the migrations own, apply them all, seed.';
  static override description =
    'Drops everything in the schemas that are the environment’s own; Auth users, what the platform manages and the release history stay. Wants the environment’s name typed, and never touches production (exit 6). A run that was cut off is run again.';
  static override examples = ['<%= config.bin %> migrate reset --dry-run', '<%= config.bin %> migrate reset --confirm jetvision-staging'];
  static override flags = {
    ...changingFlags,
    confirm: Flags.string({ helpValue: 'ENVIRONMENT', env: 'JV_CONFIRM', summary: 'Name of the environment; `--yes` does not suffice.' }),
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
    return this.runStage(flags, (app) => app.migrate.reset({ confirm, dryRun, acceptNoRestorePoint }));
  }
}
