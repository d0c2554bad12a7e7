import { Args, Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';

/** `jv-staging unlock` */
export default class Unlock extends StagingCommand {
  static override summary = 'Remove the lock of a run that has ended without releasing it.';
  static override description =
    'The id stands in the refusal (exit code 7). A run that still lives keeps its lock; one on another machine needs the environment’s name typed, since nobody can see from here whether it lives.';
  static override examples = ['<%= config.bin %> unlock lock_0mh2…', '<%= config.bin %> unlock lock_0mh2… --confirm jetvision-staging'];
  static override args = { id: Args.string({ required: true, description: 'Id of the lock.' }) };
  static override flags = {
    confirm: Flags.string({
      helpValue: 'ENVIRONMENT',
      env: 'JV_CONFIRM',
      summary: 'Name of the environment, for a lock whose holder cannot be seen.',
    }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns where locks were removed. */
  async run() {
    const { args, flags } = await this.parse(Unlock);
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      const unlocked = await app.unlock(args.id, flags.confirm);
      this.printed.line(
        unlocked.removed.length === 0 ? 'Nobody holds a lock of this environment.' : `Removed the lock ${unlocked.removed.join(' and ')}.`,
      );
      return unlocked;
    });
  }
}
