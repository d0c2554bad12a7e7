import { StagingCommand } from '../../../base-command.ts';

/** `jv-staging local fault ls` */
export default class LocalFaultLs extends StagingCommand {
  static override summary = 'List the faults of the running local cloud, and how many requests each has met.';
  static override examples = ['<%= config.bin %> local fault ls'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the faults, oldest first. */
  async run() {
    const { flags } = await this.parse(LocalFaultLs);
    return this.withApp(
      flags,
      async (app) => {
        const faults = await app.local.faults();
        this.printed.faults(faults);
        return { faults };
      },
      'if-found',
    );
  }
}
