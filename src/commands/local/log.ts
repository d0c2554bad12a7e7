import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';

/** `jv-staging local log` */
export default class LocalLog extends StagingCommand {
  static override summary = 'Show the requests that the running local cloud got: the newest 50, or with --json the newest 10,000.';
  static override description = 'Every request is counted. Queries, headers, bodies and paths that hold secrets are left out.';
  static override examples = ['<%= config.bin %> local log', '<%= config.bin %> local log --service vercel --json'];
  static override flags = {
    service: Flags.string({ helpValue: 'NAME', env: 'JV_LOCAL_SERVICE', summary: 'Show the requests to this vendor alone.' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the ledger. */
  async run() {
    const { flags } = await this.parse(LocalLog);
    return this.withApp(
      flags,
      async (app) => {
        const report = await app.local.log(flags.service);
        this.printed.ledger(report);
        return report;
      },
      'if-found',
    );
  }
}
