import { StagingCommand } from '../base-command.ts';

/** `jv-staging status` */
export default class Status extends StagingCommand {
  static override summary = 'Show the environment: resources, what is live, the releases, the schema.';
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the environment's state. */
  async run() {
    const { flags } = await this.parse(Status);
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      const status = await app.status();
      this.printed.status(status);
      return status;
    });
  }
}
