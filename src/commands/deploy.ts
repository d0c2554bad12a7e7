import { StagingCommand } from '../base-command.ts';
import { changingFlags } from '../shared-flags.ts';

/** `jv-staging deploy` */
export default class Deploy extends StagingCommand {
  static override summary = 'Put out a release: build, upload, migrate, smoke on its own address, move the domain, record.';
  static override description =
    'The domain moves only when smoke on the deployment’s own address is green, and moves back when smoke on the domain is red.';
  static override examples = ['<%= config.bin %> deploy', '<%= config.bin %> deploy --json'];
  static override flags = { ...changingFlags };
  static override effects = { readOnly: false, destructive: false, idempotent: false };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Deploy);
    return this.runStage(flags, (app) => app.deploy(), { undoOnFailure: true });
  }
}
