import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging preview gc` */
export default class PreviewGc extends StagingCommand {
  static override summary = 'Remove the previews whose branch is gone; without a confirmation it only names them (exit 6).';
  static override examples = ['<%= config.bin %> preview gc --dry-run', '<%= config.bin %> preview gc --confirm jetvision-staging'];
  static override flags = {
    ...changingFlags,
    confirm: Flags.string({ helpValue: 'ENVIRONMENT', env: 'JV_CONFIRM', summary: 'Name of the environment; `--yes` does not suffice.' }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(PreviewGc);
    const { confirm } = flags;
    return this.runStage(flags, (app) => app.preview.remove({ branch: undefined, confirm, dryRun: flags['dry-run'] }));
  }
}
