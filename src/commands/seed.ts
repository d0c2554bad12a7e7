import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { stageFlags } from '../shared-flags.ts';

/** `jv-staging seed` */
export default class Seed extends StagingCommand {
  static override summary = 'Write the seed rows and the users that go with them; a second run changes nothing.';
  static override description =
    'The profile `volume` makes as many rows as asked for, the same ones at every run, and writes each table whole or not at all; `queues` puts jobs and cached values into Redis; other profiles are files of rows. Counts, a fingerprint of each table and foreign keys are read back.';
  static override examples = [
    '<%= config.bin %> seed',
    '<%= config.bin %> seed --profile demo --json',
    '<%= config.bin %> seed --profile volume --rows 100000',
    '<%= config.bin %> seed --profile queues',
    '<%= config.bin %> seed --from production --anonymise',
    '<%= config.bin %> seed --profile volume --reset --confirm jetvision-staging',
  ];
  static override flags = {
    ...stageFlags,
    profile: Flags.string({ helpValue: 'NAME', env: 'JV_PROFILE', summary: 'Seed profile (default: the configuration’s).' }),
    rows: Flags.integer({
      helpValue: 'N',
      env: 'JV_ROWS',
      summary: 'Rows of the profile `volume`, in all tables together (default: 10000).',
    }),
    from: Flags.option({
      options: ['production'] as const,
      env: 'JV_SEED_FROM',
      summary: 'Copy rows from production; wants `--anonymise`.',
      dependsOn: ['anonymise'],
      exclusive: ['profile', 'rows', 'reset'],
    })(),
    anonymise: Flags.boolean({ env: 'JV_ANONYMISE', summary: 'Hide whatever the configuration does not keep.', dependsOn: ['from'] }),
    reset: Flags.boolean({
      env: 'JV_RESET',
      summary: 'Empty what the profile owns, and Redis under the prefix, first; wants `--confirm`.',
    }),
    confirm: Flags.string({ helpValue: 'ENVIRONMENT', env: 'JV_CONFIRM', summary: 'Name of the environment; `--yes` does not suffice.' }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(Seed);
    const { profile, rows, confirm, from } = flags;
    const reset = flags.reset ? { confirm, dryRun: flags['dry-run'] } : undefined;
    return this.runStage(flags, (app) => app.seed({ profile, rows, reset, from }), { report: { command: 'seed' } });
  }
}
