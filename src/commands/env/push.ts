import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging env push` */
export default class EnvPush extends StagingCommand {
  static override summary = 'Write the app’s variables that differ to Vercel; those not in the configuration are left alone.';
  static override description = 'What is written is live with the next deploy: a deployment keeps the variables that it was built with.';
  static override examples = ['<%= config.bin %> env push', '<%= config.bin %> env push --dry-run'];
  static override flags = { ...changingFlags };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(EnvPush);
    return this.runStage(flags, (app) => app.env.push());
  }
}
