import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import type { StageRun } from '../core/run/stage.ts';
import type { RollbackRun } from '../stages/rollback/rollback.ts';
import { stageFlags } from '../shared-flags.ts';

/** `jv-staging rollback` */
export default class Rollback extends StagingCommand {
  static override summary = 'Take a release back: app, database and variables as one, proven by its own smoke.';
  static override description =
    'The plan comes from the release records and every migration in between: the app alone, with reverse scripts that are proven, or with a restore point; what would lose rows needs `--confirm`, and what cannot work is refused. It also says what will not come back.';
  static override examples = [
    '<%= config.bin %> rollback',
    '<%= config.bin %> rollback --to rel_01k… --dry-run',
    '<%= config.bin %> rollback --drill',
  ];
  static override flags = {
    ...stageFlags,
    to: Flags.string({ helpValue: 'RELEASE', env: 'JV_TO', summary: 'Release to go back to (default: the one before the live one).' }),
    drill: Flags.boolean({
      default: false,
      env: 'JV_DRILL',
      summary: 'Go back and forward again, with smoke on both ends, and report how long each took.',
    }),
    confirm: Flags.string({
      helpValue: 'ENVIRONMENT',
      env: 'JV_CONFIRM',
      summary: 'Name of the environment: consents to the loss of the rows that the plan names.',
    }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: false };

  /** Returns the stage's result, or with `--dry-run` the plan. */
  async run() {
    const { flags } = await this.parse(Rollback);
    const { to, confirm, drill, 'dry-run': dryRun } = flags;
    return this.withApp(flags, async (app) => {
      await this.prepare(app, flags);
      const options = { to, confirm, dryRun: dryRun ?? false };
      const run: StageRun<unknown> & Pick<RollbackRun, 'preview'> = drill ? app.drill(options) : app.rollback(options);
      const result = await this.runStageIn(app, flags, () => run, {
        undoOnFailure: true,
        ...(drill ? { report: { command: 'rollback' } as const } : {}),
      });
      const plan = run.preview();
      // After a drill the plan of its way back would read as if that were how it ended.
      if (plan !== undefined && (!drill || dryRun)) this.printed.rollback(plan);
      return 'dryRun' in result ? { ...result, plan } : result;
    });
  }
}
