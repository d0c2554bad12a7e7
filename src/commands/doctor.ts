import { Flags } from '@oclif/core';
import { StagingCommand } from '../base-command.ts';
import { installables } from '../core/ports/parts.ts';

/** `jv-staging doctor` */
export default class Doctor extends StagingCommand {
  static override summary = 'Check this machine and the configuration: programs, credentials, paths; say what mends each.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --install k6',
    '<%= config.bin %> doctor --install local',
  ];
  static override flags = {
    install: Flags.option({ options: installables, env: 'JV_INSTALL', summary: 'Install what is missing, before it is used.' })(),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns what was found. Throws `DOCTOR_MISSING` (exit 3) when something required is missing. */
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
