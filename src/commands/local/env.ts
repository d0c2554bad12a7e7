import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';

/** `jv-staging local env` */
export default class LocalEnv extends StagingCommand {
  static override summary = 'Print what the vendors’ own clients need to work on the local cloud, as shell exports.';
  static override description = 'The credentials are the local cloud’s own and open nothing else, so they are printed.';
  static override examples = ['eval "$(<%= config.bin %> local env)"', 'eval "$(<%= config.bin %> local env --project jetvision-staging)"'];
  static override flags = {
    project: Flags.string({ helpValue: 'NAME', env: 'JV_LOCAL_PROJECT', summary: 'Add this project’s addresses, keys and database URLs.' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  protected override logJson(variables: unknown): void {
    this.printed.openSuccess(this.commandName, variables);
  }

  /** Returns the variables by name. */
  async run() {
    const { flags } = await this.parse(LocalEnv);
    return this.withApp(
      flags,
      async (app) => {
        const variables = await app.local.env(flags.project);
        this.printed.exports(variables);
        return variables;
      },
      'if-found',
    );
  }
}
