import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { StagingError } from '../../core/errors.ts';

/** `jv-staging env diff` */
export default class EnvDiff extends StagingCommand {
  static override summary = 'Compare the app’s variables at Vercel with the configuration; values are never shown.';
  static override description = 'Values are compared by keyed fingerprints, so that write-only ones are compared, too.';
  static override examples = ['<%= config.bin %> env diff', '<%= config.bin %> env diff --exit-code --json'];
  static override flags = {
    'exit-code': Flags.boolean({ env: 'JV_EXIT_CODE', summary: 'End with 8 when `env push` would write something.' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns a line a variable. Throws `ENV_CHANGES_PENDING` (exit 8) with `--exit-code`. */
  async run() {
    const { flags } = await this.parse(EnvDiff);
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      const variables = await app.env.diff();
      this.printed.variables(variables);
      const pending = variables.filter(({ state }) => state !== 'unchanged' && state !== 'foreign').map(({ name }) => name);
      if (flags['exit-code'] && pending.length > 0) {
        throw new StagingError('pending', 'ENV_CHANGES_PENDING', `${pending.length} variables differ: ${pending.join(', ')}.`, {
          fix: 'Run `jv-staging env push`, then `jv-staging deploy`.',
          data: { variables },
        });
      }
      return { variables };
    });
  }
}
