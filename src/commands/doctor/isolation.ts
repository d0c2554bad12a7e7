import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';

/** `jv-staging doctor isolation` */
export default class DoctorIsolation extends StagingCommand {
  static override summary = 'Prove that staging shares nothing with production: eight things and the secrets, each pass, fail or unknown.';
  static override description =
    'Looks at the resources, the variables as configured and as they stand on Vercel, the database itself and what the keys say; changes nothing. Ends with 6 when something is shared, with 9 when nothing is but something is unknown: unknown is not pass. Every command that changes something refuses by itself when something is shared.';
  static override examples = [
    '<%= config.bin %> doctor isolation',
    '<%= config.bin %> doctor isolation --json',
    '<%= config.bin %> doctor isolation --fingerprint',
  ];
  static override flags = {
    fingerprint: Flags.boolean({
      env: 'JV_FINGERPRINT',
      summary: 'Print the fingerprint of the secret on stdin instead, for `production.fingerprints` in the configuration.',
    }),
  };
  static override effects = { readOnly: true, destructive: false, idempotent: true };

  /** Returns the points. Throws `ISOLATION_BROKEN` (exit 6) and `ISOLATION_UNKNOWN` (exit 9). */
  async run() {
    const { flags } = await this.parse(DoctorIsolation);
    if (!flags.fingerprint) return this.runStage(flags, (app) => app.isolation(), { show: 'isolation' });
    return this.withApp(flags, async (app) => {
      const fingerprint = await app.fingerprint(process.stdin);
      this.printed.line(fingerprint);
      return { fingerprint };
    });
  }
}
