import { StagingCommand } from '../../base-command.ts';

/** `jv-staging secrets list` */
export default class SecretsList extends StagingCommand {
  static override summary = 'Show where each secret lives, how old it is at least, and which variables hold it; no value is shown.';
  static override examples = ['<%= config.bin %> secrets list', '<%= config.bin %> secrets list --json'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the secrets. */
  async run() {
    const { flags } = await this.parse(SecretsList);
    return this.withApp(flags, async (app) => {
      const places = await app.secretCommands.list();
      this.printed.secrets(places);
      return places;
    });
  }
}
