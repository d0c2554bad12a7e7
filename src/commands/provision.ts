import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { consentMissing, declined } from '../core/plan/consent.ts';
import { isPending, type Plan } from '../core/plan/model.ts';
import { stageFlags } from '../shared-flags.ts';

/** `jv-staging provision` */
export default class Provision extends StagingCommand {
  static override summary =
    'Make the environment as the configuration says: Vercel project, Supabase project, Upstash database, schema, variables, domain.';
  static override description =
    'Shows the plan, asks, and carries it out: what is missing is created, what differs is set right, what is as wished is left alone. Without a terminal it needs `--yes` or a saved plan when there is anything to do. Secrets are written to the environment file before anything is created.';
  static override examples = [
    '<%= config.bin %> provision',
    '<%= config.bin %> provision --yes',
    '<%= config.bin %> provision --plan plan.json',
    '<%= config.bin %> provision --target local --dry-run',
  ];
  static override flags = {
    ...stageFlags,
    plan: Flags.string({
      helpValue: 'FILE',
      env: 'JV_PLAN',
      summary: 'Carry out this plan (of `plan --out`) without asking; refused when it no longer fits.',
    }),
    adopt: Flags.boolean({
      default: false,
      env: 'JV_ADOPT',
      summary: 'Take over what has the right name but no mark of this environment, once it was shown.',
    }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result, or with `--dry-run` the plan. */
  async run() {
    const { flags } = await this.parse(Provision);
    return this.withApp(flags, async (app) => {
      await this.prepare(app, flags);
      const saved = flags.plan === undefined ? undefined : await app.planFiles.read(flags.plan);
      const adopt = saved?.adopt ?? flags.adopt;
      const planning = app.plan({ adopt });
      await this.draw(app, planning.steps, { changes: false, flags });
      const { plan } = planning.planned.get();
      this.printed.plan(plan);
      if (flags['dry-run']) return { dryRun: true as const, plan };
      // Who said yes to what was shown, or saved it, gets that and no other; `--yes` takes what there is to do by then.
      if (!flags.yes && saved === undefined) await this.consent(plan);
      return this.runStageIn(app, flags, () => app.provision({ adopt, expected: saved?.plan ?? (flags.yes ? undefined : plan) }));
    });
  }

  private async consent(plan: Plan): Promise<void> {
    if (!isPending(plan) || plan.items.some((item) => item.action === 'blocked')) return;
    const answer = await this.printed.ask(`Carry out this plan for ${plan.name}? (yes/no) `);
    if (answer === undefined) throw consentMissing(plan);
    if (!answer) throw declined(plan);
  }
}
