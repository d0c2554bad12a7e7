import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging preview down` */
export default class PreviewDown extends StagingCommand {
  static override summary = 'Remove the preview of a branch: deployments, database, Redis keys.';
  static override examples = [
    '<%= config.bin %> preview down --branch feature/quotes --dry-run',
    '<%= config.bin %> preview down --branch feature/quotes --confirm jetvision-staging',
  ];
  static override flags = {
    ...changingFlags,
    branch: Flags.string({ helpValue: 'B', env: 'JV_BRANCH', required: true, summary: 'The branch; it may be gone already.' }),
    confirm: Flags.string({ helpValue: 'ENVIRONMENT', env: 'JV_CONFIRM', summary: 'Name of the environment; `--yes` does not suffice.' }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(PreviewDown);
    const { branch, confirm } = flags;
    return this.runStage(flags, (app) => app.preview.remove({ branch, confirm, dryRun: flags['dry-run'] }));
  }
}
