import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { changingFlags } from '../shared-flags.ts';

/** `jv-staging rollback` */
export default class Rollback extends StagingCommand {
  static override summary = 'Point the domain back at an earlier release, and prove it by smoke.';
  static override description =
    'The plan comes from the release records. A release whose schema differs from the database’s is refused: only the app would go back.';
  static override examples = ['<%= config.bin %> rollback', '<%= config.bin %> rollback --to rel_01k… --dry-run'];
  static override flags = {
    ...changingFlags,
    to: Flags.string({ helpValue: 'RELEASE', env: 'JV_TO', summary: 'Release to go back to (default: the one before the live one).' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: false };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Rollback);
    return this.runStage(flags, (app) => app.rollback(flags.to));
  }
}
