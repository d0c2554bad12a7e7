import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging preview up` */
export default class PreviewUp extends StagingCommand {
  static override summary = 'Put a branch out beside staging: its own deployment, database and Redis namespace.';
  static override description =
    'Only for a branch that `origin` has, checked out as it was pushed: code of a fork is refused (exit 6). The build sees no token of a vendor. Running it again puts out the branch’s newest commit in the same place.';
  static override examples = ['<%= config.bin %> preview up --branch feature/quotes', '<%= config.bin %> preview up --markdown'];
  static override flags = {
    ...changingFlags,
    branch: Flags.string({ helpValue: 'B', env: 'JV_BRANCH', summary: 'The branch (default: the one that is checked out).' }),
    prebuilt: Flags.string({ helpValue: 'DIR', env: 'JV_PREBUILT', summary: 'Put out this build output; nothing is built.' }),
    markdown: Flags.boolean({ env: 'JV_MARKDOWN', summary: 'Print a comment for the pull request, in Markdown.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(PreviewUp);
    return this.runStage(flags, (app) => app.preview.up({ branch: flags.branch, prebuilt: flags.prebuilt }), {
      show: flags.markdown ? 'comment' : 'stage',
    });
  }
}
