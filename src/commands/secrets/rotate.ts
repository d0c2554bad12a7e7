import { Args } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging secrets rotate NAME` */
export default class SecretsRotate extends StagingCommand {
  static override summary = 'Give a secret a new value everywhere: at its vendor, in the environment file, in the app’s variables.';
  static override description =
    'The new value is on disk before anything has it, and is kept until everything has: a rotation that was cut off is gone on with by running it again. A deployment keeps the variables that it was built with: run `deploy` afterwards.';
  static override examples = [
    '<%= config.bin %> secrets rotate CRON_SECRET',
    '<%= config.bin %> secrets rotate STAGING_SUPABASE_DB_PASSWORD --dry-run',
  ];
  static override args = { name: Args.string({ required: true, description: 'Name of the secret, as `secrets list` shows it.' }) };
  static override flags = { ...changingFlags };
  static override effects = { readOnly: false, destructive: false, idempotent: false };

  /** Returns the stage's result. */
  async run() {
    const { flags, args } = await this.parse(SecretsRotate);
    return this.runStage(flags, (app) => app.secretCommands.rotate(args.name));
  }
}
