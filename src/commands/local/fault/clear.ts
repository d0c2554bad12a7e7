import { Flags } from '@oclif/core';
import { StagingCommand } from '../../../base-command.ts';

/** `jv-staging local fault clear` */
export default class LocalFaultClear extends StagingCommand {
  static override summary = 'Clear the faults of the running local cloud, all of them or one.';
  static override examples = ['<%= config.bin %> local fault clear', '<%= config.bin %> local fault clear --id fault-2'];
  static override flags = {
    id: Flags.string({ helpValue: 'ID', env: 'JV_FAULT_ID', summary: 'Clear this fault alone, as `local fault ls` names it.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns how many there were. */
  async run() {
    const { flags } = await this.parse(LocalFaultClear);
    return this.withApp(
      flags,
      async (app) => {
        const cleared = await app.local.clearFaults(flags.id);
        this.printed.line(cleared === 1 ? '1 fault cleared.' : `${cleared} faults cleared.`);
        return { cleared };
      },
      'if-found',
    );
  }
}
