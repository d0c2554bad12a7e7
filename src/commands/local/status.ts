import { StagingCommand } from '../../base-command.ts';

/** `jv-staging local status` */
export default class LocalStatus extends StagingCommand {
  static override summary = 'Show whether the local cloud runs, and each of its parts.';
  static override examples = ['<%= config.bin %> local status'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the state of each part. */
  async run() {
    const { flags } = await this.parse(LocalStatus);
    return this.withApp(
      flags,
      async (app) => {
        const status = await app.local.status();
        this.printed.localStatus(status);
        return status;
      },
      'if-found',
    );
  }
}
