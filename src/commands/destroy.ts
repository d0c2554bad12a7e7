import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { changingFlags } from '../shared-flags.ts';

/** `jv-staging destroy` */
export default class Destroy extends StagingCommand {
  static override summary = 'Remove the environment: Supabase project, Upstash database, Vercel project.';
  static override description =
    'Lists everything that would go; production and what bears no mark of this environment is refused. May be repeated after a run that was cut off. The environment file is kept.';
  static override examples = ['<%= config.bin %> destroy --dry-run', '<%= config.bin %> destroy --confirm jetvision-staging'];
  static override flags = {
    ...changingFlags,
    confirm: Flags.string({ helpValue: 'ENVIRONMENT', env: 'JV_CONFIRM', summary: 'Name of the environment; `--yes` does not suffice.' }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Destroy);
    return this.runStage(flags, (app) => app.destroy({ confirm: flags.confirm, dryRun: flags['dry-run'] }));
  }
}
