import { StagingCommand } from '../../base-command.ts';

/** `jv-staging preview list` */
export default class PreviewList extends StagingCommand {
  static override summary = 'List the previews, and which of them have no branch any more.';
  static override examples = ['<%= config.bin %> preview list', '<%= config.bin %> preview list --json'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(PreviewList);
    return this.runStage(flags, (app) => app.preview.list());
  }
}
