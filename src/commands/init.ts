import { StagingCommand } from '../base-command.ts';
import { initFlags, type InitFlagValues } from '../init-flags.ts';
import { shellWord } from '../core/ci/build.ts';
import { changesByAction, overwriteRefused, overwritten, withoutOverwriting } from '../core/files/generated.ts';
import { renderInitText } from '../output/init-text.ts';
import { dryRunFlag } from '../shared-flags.ts';
import type { App } from '../wiring/app.ts';
import type { InitPlan } from '../wiring/init-commands.ts';

/** `jv-staging init` */
export default class Init extends StagingCommand {
  static override summary = 'Look at this repository and write what staging needs: configuration, environment file, git-ignore lines.';
  static override description =
    'Reads package.json, .vercel, vercel.json, supabase/, the example of an environment file and git, and asks for what they do not say. Without a terminal every answer is a flag, or --yes takes what is suggested. Lines are added to .gitignore and .env.staging; any other file that differs is shown as a diff and is overwritten only after a yes, or with --force; --keep leaves it and writes the others. What a configuration that is there says is not asked again.';
  static override examples = [
    '<%= config.bin %> init',
    '<%= config.bin %> init --yes --production-domain www.example.com',
    '<%= config.bin %> init --dry-run --yes',
    '<%= config.bin %> init --health --workflow --runbook',
    '<%= config.bin %> init --sample',
    '<%= config.bin %> init --compat',
  ];
  static override flags = { ...dryRunFlag, ...initFlags };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns what was found, each answer with its source, what is open, and the files that are created, updated and unchanged. */
  async run() {
    const { flags } = await this.parse(Init);
    const use = async (app: App) => {
      const planned = await this.plan(app, flags);
      const plan = flags.keep ? { ...planned, changes: withoutOverwriting(planned.changes) } : planned;
      const { changes, ...said } = plan;
      this.printed.files(changes);
      this.printed.line(renderInitText(said));
      const result = { ...said, files: changesByAction(changes), written: !flags['dry-run'] };
      if (flags['dry-run']) return result;
      const lost = overwritten(changes);
      if (lost.length > 0 && !flags.force && (await this.printed.ask(`Overwrite ${lost.join(', ')}? (yes/no) `)) !== true)
        throw overwriteRefused(changes, this.given(), { agree: '--force', keep: '--keep' });
      await app.init.write(plan);
      return result;
    };
    if (flags.compat) return this.withApp(flags, use);
    // What `--config` names is written here, not read.
    return this.withApp({ ...flags, config: undefined }, use, 'if-named');
  }
  /** Returns the command with the flags that it was given, for the next one to paste. */
  private given(): string {
    return ['init', ...this.argv.filter((word) => word !== '--dry-run').map(shellWord)].join(' ');
  }
  private plan(app: App, flags: InitFlagValues): Promise<InitPlan> {
    if (flags.sample) return app.init.sample();
    if (flags.compat) return app.init.compat();
    const { config, app: folder, package: source, workflow = false, runbook = false, health = false } = flags;
    const files = { config, app: folder, package: source, workflow, runbook, health };
    const given = { ...flags, productionDomain: flags['production-domain'] };
    const ask = (question: string) => this.printed.askText(question);
    return app.init.plan({ ...files, given, takesSuggestions: flags.yes ?? false, ask });
  }
}
