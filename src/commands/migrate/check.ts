import { Flags } from '@oclif/core';
import { StagingCommand } from '../../base-command.ts';
import { changingFlags, migrateFlags, migrateNeeds } from '../../shared-flags.ts';

/** `jv-staging migrate check` */
export default class MigrateCheck extends StagingCommand {
  static override summary = 'Say what pending migrations do to what is there, and try them and their reverse scripts on a copy.';
  static override description =
    'Each statement is additive, locking, destructive or irreversible, as Postgres’s own parser reads it. A file that takes something away is refused (exit 6) unless it says why: `-- jv:allow-destructive <reason>`; the rows at stake are counted.';
  static override examples = [
    '<%= config.bin %> migrate check',
    '<%= config.bin %> migrate check --rehearse',
    '<%= config.bin %> migrate check --db-url-env DATABASE_URL --json',
  ];
  static override flags = {
    'wait-lock': changingFlags['wait-lock'],
    ...migrateFlags,
    rehearse: Flags.boolean({ env: 'JV_REHEARSE', summary: 'Try every migration up, down and up again on a copy that holds the rows.' }),
  };
  static override effects = { readOnly: false, destructive: false, idempotent: true };

  /** Returns the stage's result. */
  async run() {
    const { flags } = await this.parse(MigrateCheck);
    const { 'db-url-env': dbUrlEnv, dir, rehearse } = flags;
    // Another database, or another folder, says nothing of a release.
    const isOwn = dbUrlEnv === undefined && dir === undefined;
    return this.runStage(flags, (app) => app.migrate.check({ dbUrlEnv, dir, rehearse }), {
      ...migrateNeeds(flags),
      changes: rehearse,
      ...(isOwn ? { report: { command: 'migrate-check' } } : {}),
    });
  }
}
