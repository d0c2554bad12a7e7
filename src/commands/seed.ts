import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { changingFlags } from '../shared-flags.ts';

/** `jv-staging seed` */
export default class Seed extends StagingCommand {
  static override summary = 'Write the seed rows and the users that go with them; a second run changes nothing.';
  static override examples = ['<%= config.bin %> seed', '<%= config.bin %> seed --profile demo --json'];
  static override flags = {
    ...changingFlags,
    profile: Flags.string({ helpValue: 'NAME', env: 'JV_PROFILE', summary: 'Seed profile (default: the configuration’s).' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Seed);
    return this.runStage(flags, (app) => app.seed(flags.profile));
  }
}
