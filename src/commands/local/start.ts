import { StagingCommand } from '../../base-command.ts';

/** `jv-staging local start` */
export default class LocalStart extends StagingCommand {
  static override summary = 'Start the local cloud: Vercel, Supabase and Upstash on loopback, over real Postgres and Redis.';
  static override examples = ['<%= config.bin %> local start'];
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns where the local cloud answers (credentials left out: `local env` prints them). */
  async run() {
    const { flags } = await this.parse(LocalStart);
    return this.withApp(
      flags,
      async (app) => {
        await this.draw(app, app.local.preparation, { changes: false, flags });
        const started = await app.local.start();
        this.printed.localStatus(started);
        return started;
      },
      'if-found',
    );
  }
}
