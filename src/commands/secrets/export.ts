import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging secrets export` */
export default class SecretsExport extends StagingCommand {
  static override summary = 'Hand the environment’s secrets over to CI: to the Actions secrets of a GitHub repository, by stdin of `gh`.';
  static override description =
    'Needs GitHub’s program `gh`, signed in. Everything that `secrets list` finds is handed over under the same name; what is there is replaced.';
  static override examples = ['<%= config.bin %> secrets export --to github --repo jetvision/jetvision-assistant'];
  static override flags = {
    ...changingFlags,
    to: Flags.option({ options: ['github'] as const, required: true, env: 'JV_TO', summary: 'Where to.' })(),
    repo: Flags.string({
      helpValue: 'OWNER/NAME',
      env: 'JV_REPO',
      summary: 'The repository (default: that of the configuration’s folder).',
    }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(SecretsExport);
    return this.runStage(flags, (app) => app.secretCommands.exportToGitHub(flags.repo), { prepares: false });
  }
}
