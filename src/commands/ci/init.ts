import { StagingCommand } from '../../base-command.ts';
import { changesByAction, overwriteRefused } from '../../core/files/generated.ts';
import { dryRunFlag, packageFlag } from '../../shared-flags.ts';

/** `jv-staging ci init` */
export default class CiInit extends StagingCommand {
  static override summary = 'Write the GitHub workflow that stages this repository: deploy, previews, nightly checks, release gate.';
  static override description =
    'Writes .github/workflows/deploy-staging.yml in the root of the repository and names the secrets that it reads. Actions are pinned at the commit of their newest release, asked from their repositories with this machine’s git; where that cannot be, nothing is written; the same holds for the package that the jobs install this tool from (default: jv-staging of this version, from the registry). A file that differs is shown as a diff first.';
  static override examples = [
    '<%= config.bin %> ci init',
    '<%= config.bin %> ci init --package ./tools/jv-staging.tgz',
    '<%= config.bin %> ci init --dry-run',
    '<%= config.bin %> ci init --yes',
  ];
  static override flags = { ...dryRunFlag, ...packageFlag };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns which files are created, updated and unchanged, and the names of the secrets and of the repository's variables. */
  async run() {
    const { flags } = await this.parse(CiInit);
    return this.withApp(flags, async (app) => {
      const plan = await app.ci.plan({ package: flags.package });
      this.printed.files(plan.changes);
      this.printed.secretLines(plan.secrets, plan.variables);
      const result = { files: changesByAction(plan.changes), secrets: plan.secrets, variables: plan.variables, written: !flags['dry-run'] };
      if (flags['dry-run']) return result;
      if (result.files.update.length > 0 && !flags.yes) {
        const agreed = await this.printed.ask(`Overwrite ${result.files.update.join(', ')}? (yes/no) `);
        if (agreed !== true) throw overwriteRefused(plan.changes, 'ci init');
      }
      await app.ci.write(plan);
      return result;
    });
  }
}
