import { changingFlags, StagingCommand } from '../base-command.ts';

/** `jv-staging provision` */
export default class Provision extends StagingCommand {
  static override summary = 'Create the environment: Vercel project, Supabase project, Upstash database, schema, variables, domain.';
  static override description =
    'Finds every resource by its name and creates what is missing; what is as wished is left alone. Secrets are written to the environment file before anything is created.';
  static override examples = ['<%= config.bin %> provision', '<%= config.bin %> provision --target local --dry-run'];
  static override flags = { ...changingFlags };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Provision);
    return this.runStage(flags, (app) => app.provision());
  }
}
