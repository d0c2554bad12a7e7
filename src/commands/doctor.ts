import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { installables } from '../core/ports/parts.ts';

/** `jv-staging doctor` */
export default class Doctor extends StagingCommand {
  static override summary = 'Check this machine, the credentials and the vendors, and say what mends each.';
  static override description =
    'Each line is pass, fail, unknown or none: programs, credentials and where they are, at each vendor the account, team, rights, plan and clock, the DNS of the domain, whether production is named, the workflow. A missing thing ends with 3, an unknown one with 9. With the target `local` the local cloud is asked, if it runs, and no credential is read; with `--install` nobody is asked.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --install k6',
    '<%= config.bin %> doctor --install local',
  ];
  static override flags = {
    install: Flags.option({ options: installables, env: 'JV_INSTALL', summary: 'Install what is missing, before it is used.' })(),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns what was found. Throws `DOCTOR_MISSING` (exit 3) when something required is missing, `DOCTOR_UNKNOWN` (exit 9) when nobody could tell. */
  async run() {
    const { flags } = await this.parse(Doctor);
    return this.runStage(flags, (app) => app.doctor({ install: flags.install }), {
      config: 'if-found',
      prepares: false,
      show: 'doctor',
      changes: flags.install !== undefined,
    });
  }
}
