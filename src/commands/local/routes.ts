import { StagingCommand } from '../../base-command.ts';

/** `jv-staging local routes` */
export default class LocalRoutes extends StagingCommand {
  static override summary = 'List every endpoint that the running local cloud emulates, as its routers have them.';
  static override description = 'Anything else answers 404 in the vendor’s own shape and says that it is not emulated.';
  static override examples = ['<%= config.bin %> local routes'];
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the endpoints by service. */
  async run() {
    const { flags } = await this.parse(LocalRoutes);
    return this.withApp(
      flags,
      async (app) => {
        const routes = await app.local.routes();
        this.printed.routes(routes);
        return { routes };
      },
      'if-found',
    );
  }
}
