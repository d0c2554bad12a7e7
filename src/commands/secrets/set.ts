import { Args } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging secrets set NAME` */
export default class SecretsSet extends StagingCommand {
  static override summary = 'Write a secret from stdin into the environment file.';
  static override description =
    'The value comes on stdin alone: what stands on a command line can be seen by everybody on the machine. What is held by a vendor, too (passwords, Redis), is changed by `secrets rotate`.';
  static override examples = ['pass staging/cron | <%= config.bin %> secrets set CRON_SECRET'];
  static override args = { name: Args.string({ required: true, description: 'Name of the secret, as `secrets list` shows it.' }) };
  static override flags = { ...changingFlags };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags, args } = await this.parse(SecretsSet);
    return this.withApp(flags, async (app) => {
      const stage = await app.secretCommands.set(args.name, process.stdin);
      return this.runStageIn(app, flags, () => stage);
    });
  }
}
