import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { expensivePlan } from '../core/plan/cost.ts';
import { exitCodes } from '../core/errors.ts';
import { isPending, planCounts } from '../core/plan/model.ts';

/** `jv-staging plan` */
export default class PlanCommand extends StagingCommand {
  static override summary = 'Show what provision would do: create, update, what was changed outside, what is blocked, and what it costs.';
  static override description =
    'Reads all vendors at once and changes nothing. Values of variables are compared by keyed fingerprint and never read.';
  static override examples = [
    '<%= config.bin %> plan',
    '<%= config.bin %> plan --out plan.json',
    '<%= config.bin %> plan --exit-code --json',
  ];
  static override flags = {
    out: Flags.string({ helpValue: 'FILE', env: 'JV_OUT', summary: 'Write the plan to this file, for `provision --plan`.' }),
    'exit-code': Flags.boolean({ env: 'JV_EXIT_CODE', summary: 'End with 8 when anything is not as wished, with 0 when all is.' }),
    adopt: Flags.boolean({
      default: false,
      env: 'JV_ADOPT',
      summary: 'Plan to take over what has the right name but no mark of this environment.',
    }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the plan with its counts. */
  async run() {
    const { flags } = await this.parse(PlanCommand);
    return this.withApp(flags, async (app) => {
      await this.prepare(app, flags);
      const planning = app.plan({ adopt: flags.adopt });
      await this.draw(app, planning.steps, { changes: false, flags });
      const { plan } = planning.planned.get();
      this.printed.plan(plan);
      if (flags.out !== undefined) await app.planFiles.write(flags.out, { adopt: flags.adopt, plan });
      const expensive = expensivePlan(plan);
      if (expensive !== undefined) throw expensive;
      if (flags['exit-code'] && isPending(plan)) process.exitCode = exitCodes.pending;
      return { ...plan, pending: isPending(plan), counts: planCounts(plan) };
    });
  }
}
