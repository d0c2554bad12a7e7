import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags } from '../../shared-flags.ts';

/** `jv-staging local reset` */
export default class LocalReset extends StagingCommand {
  static override summary =
    'Remove everything that the local cloud holds: projects, databases, deployments; its credentials and ports stay.';
  static override description = 'When it runs it is stopped, and started again with a new production world.';
  static override examples = ['<%= config.bin %> local reset --dry-run', '<%= config.bin %> local reset --confirm local'];
  static override flags = {
    'dry-run': changingFlags['dry-run'],
    confirm: Flags.string({
      helpValue: 'local',
      env: 'JV_CONFIRM',
      summary: 'Say that everything in the local cloud may go; --yes does not suffice.',
    }),
  };
  static override effects = { readOnly: false, destructive: true, idempotent: true };

  /** Returns what was removed. */
  async run() {
    const { flags } = await this.parse(LocalReset);
    return this.withApp(
      flags,
      async (app) => {
        const report = await app.local.reset({ confirm: flags.confirm, dryRun: flags['dry-run'] });
        const what = report.removed.length === 0 ? 'nothing' : report.removed.join(', ');
        this.printed.line(report.dryRun ? `Would remove ${what}.` : `Removed ${what}.${report.wasRunning ? ' It runs again.' : ''}`);
        return report;
      },
      'if-found',
    );
  }
}
