import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';

/** `jv-staging cost` */
export default class Cost extends StagingCommand {
  static override summary = 'Say what the environment costs by published prices, and hold it against production’s cost.';
  static override description =
    'Each price has the page that it stands on and the day that it was read; one without is unknown, never guessed, unless `costs` in the configuration says it. Commands of Redis are projected from what idle workers send while it looks. Ends with 5 at half of production’s cost or more, with 9 when that cannot be said: unknown is not pass.';
  static override examples = ['<%= config.bin %> cost', '<%= config.bin %> cost --for 60s --json'];
  static override flags = {
    for: Flags.string({ helpValue: 'DURATION', default: '15s', env: 'JV_FOR', summary: 'How long to count commands.' }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the stage's result with `CostDetails`. Throws `COST_RED` (exit 5), `COST_INCONCLUSIVE` (exit 9). */
  async run() {
    const { flags } = await this.parse(Cost);
    return this.runStage(flags, (app) => app.cost({ for: flags.for }));
  }
}
