import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';

/** `jv-staging env pull` */
export default class EnvPull extends StagingCommand {
  static override summary = 'Write the app’s variables of staging into a local file (mode 0600).';
  static override description =
    'Lines of the same names are replaced, all others kept. A value that Vercel hides is only written when it is known here by its fingerprint; an empty or masked one is never taken for a value.';
  static override examples = ['<%= config.bin %> env pull', '<%= config.bin %> env pull --out app/.env.local'];
  static override flags = {
    out: Flags.string({ helpValue: 'FILE', env: 'JV_OUT', default: '.env.local', summary: 'File to write.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns what was written and what could not be read. */
  async run() {
    const { flags } = await this.parse(EnvPull);
    return this.withApp(flags, async (app) => {
      await this.draw(app, app.preparation, { changes: false, flags });
      const pulled = await app.env.pull(flags.out);
      const rest = pulled.unreadable.length === 0 ? '' : ` Not readable, so left out: ${pulled.unreadable.join(', ')}.`;
      this.printed.line(`${pulled.written.length} variables written to ${pulled.path}.${rest}`);
      return pulled;
    });
  }
}
