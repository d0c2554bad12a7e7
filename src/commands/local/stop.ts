import { StagingCommand } from '../../base-command.ts';

/** `jv-staging local stop` */
export default class LocalStop extends StagingCommand {
  static override summary = 'Stop the local cloud with everything that runs in it; its state stays.';
  static override examples = ['<%= config.bin %> local stop'];
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns whether it had been running. */
  async run() {
    const { flags } = await this.parse(LocalStop);
    return this.withApp(
      flags,
      async (app) => {
        const stopped = await app.local.stop();
        this.printed.line(stopped.wasRunning ? 'The local cloud has stopped.' : 'The local cloud was not running.');
        return stopped;
      },
      'if-found',
    );
  }
}
